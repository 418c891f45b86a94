using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// What keeps changes to one key, or one bucket, apart within this process. Changes of other proxies are the layer's matter.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class OverlayLocks(TimeProvider time)
{
    /// <summary>
    /// A lock a key: for deletes, conditional writes while they are committed, or while local keeps the key to them, and tombstones being
    /// taken back.
    /// </summary>
    public KeyLocks Keys { get; } = new(time);

    /// <summary>How often each key was deleted here since the start, counted with its lock held.</summary>
    public KeyGenerations Deletes { get; } = new();

    /// <summary>
    /// A lock a bucket. Alone: deleting it, taking back the mark that it was deleted. Shared: taking back its tombstones, and deletes in it
    /// while its remote is hidden, which leave none.
    /// </summary>
    public NameLocks<string> Buckets { get; } = new();
}
