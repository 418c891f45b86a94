namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Outcome of a read that was tried in the local layer first.</summary>
/// <param name="IsAnswered">True if the local layer served it.</param>
/// <param name="IsDeleted">If not served: true if the key has a tombstone. May still be running, so the cache can be searched at the same
/// time; the receiver must await it.</param>
public readonly record struct WrittenRead(bool IsAnswered, Task<bool> IsDeleted)
{
    private static readonly Task<bool> Yes = Task.FromResult(true);
    private static readonly Task<bool> No = Task.FromResult(false);

    /// <summary>
    /// The local layer's headers if the key's newest version is a delete marker; null if not. They matter only if the key was deleted here.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Marker { get; init; }

    /// <summary>Served.</summary>
    public static readonly WrittenRead Answered = new(true, No);

    /// <summary>The key is deleted here.</summary>
    public static readonly WrittenRead Deleted = new(false, Yes);

    /// <summary>The key is neither written nor deleted here.</summary>
    public static readonly WrittenRead Nothing = new(false, No);
}
