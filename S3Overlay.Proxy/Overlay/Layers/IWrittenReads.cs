using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// Reads of keys written in the local layer. Separate from <see cref="ILayerState"/>: a store behind a network reads and resolves a key in
/// one call.
/// </summary>
public interface IWrittenReads
{
    /// <summary>
    /// Serves a read of a key or one of its sub-resources if the local layer has it. Otherwise nothing is written, and the result says, now
    /// or later, whether the key was deleted here.
    /// </summary>
    /// <exception cref="S3Exception">The local layer's error for a written key.</exception>
    Task<WrittenRead> TryReadAsync(S3Request request, S3Response response, CancellationToken cancellationToken);
}

/// <summary>Outcome of a read that was tried in the local layer first.</summary>
/// <param name="IsServed">True if the local layer served it.</param>
/// <param name="IsDeleted">If not served: true if the key has a tombstone. May still be running, so the cache can be searched at the same
/// time; the receiver must await it.</param>
public readonly record struct WrittenRead(bool IsServed, Task<bool> IsDeleted)
{
    private static readonly Task<bool> Yes = Task.FromResult(true);
    private static readonly Task<bool> No = Task.FromResult(false);

    /// <summary>
    /// The local layer's headers if the key's newest version is a delete marker; null if not. They matter only if the key was deleted here.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Marker { get; init; }

    /// <summary>Served.</summary>
    public static readonly WrittenRead Served = new(true, No);

    /// <summary>The key is deleted here.</summary>
    public static readonly WrittenRead Deleted = new(false, Yes);

    /// <summary>The key is neither written nor deleted here.</summary>
    public static readonly WrittenRead Nothing = new(false, No);
}
