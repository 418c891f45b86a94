using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Locks for changes to a key or bucket within this process. Changes of other proxies are for the local layer to order.</summary>
/// <param name="time">The clock.</param>
public sealed class OverlayLocks(TimeProvider time)
{
    /// <summary>
    /// One lock per key: for deletes, undeletes, and conditional writes while they commit (or from their beginning, if the local layer
    /// locks keys).
    /// </summary>
    public KeyLocks Keys { get; } = new(time);

    /// <summary>Deletes of each key since the start, counted under its lock.</summary>
    public KeyGenerations Deletes { get; } = new();

    /// <summary>
    /// One lock per bucket. Exclusive: deleting or undeleting the bucket. Shared: undeleting keys, and deletes while the remote is hidden,
    /// which leave no tombstone.
    /// </summary>
    public NameLocks<string> Buckets { get; } = new();
}
