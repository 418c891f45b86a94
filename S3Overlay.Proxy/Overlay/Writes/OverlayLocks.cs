using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>What keeps changes to one key, or one bucket, apart within this process. Changes of other proxies are the layer's matter.</summary>
public sealed class OverlayLocks
{
    /// <summary>A lock a key: for deletes, conditional writes while they are committed, and tombstones being taken back.</summary>
    public NameLocks<ObjectName> Keys { get; } = new();

    /// <summary>How often each key was deleted here since the start, counted with its lock held.</summary>
    public KeyGenerations Deletes { get; } = new();

    /// <summary>
    /// A lock a bucket. Alone: deleting it, taking back the mark that it was deleted. Shared: taking back its tombstones, and deletes in it while its remote is hidden, which leave
    /// none.
    /// </summary>
    public NameLocks<string> Buckets { get; } = new();
}
