namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What became of a read that local was asked first.</summary>
/// <param name="IsAnswered">Whether local answered.</param>
/// <param name="IsDeleted">
/// Otherwise: whether the key has a tombstone. May still be under way, so that a copy can be looked for at the same time; whoever gets it
/// waits for it.
/// </param>
public readonly record struct WrittenRead(bool IsAnswered, Task<bool> IsDeleted)
{
    private static readonly Task<bool> Yes = Task.FromResult(true);
    private static readonly Task<bool> No = Task.FromResult(false);

    /// <summary>
    /// The headers by which local says that the newest version of the key is a delete marker; null where it does not. They count where the
    /// key is deleted here.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Marker { get; init; }

    /// <summary>Local answered.</summary>
    public static readonly WrittenRead Answered = new(true, No);

    /// <summary>The key is deleted here.</summary>
    public static readonly WrittenRead Deleted = new(false, Yes);

    /// <summary>The key is neither written nor deleted here.</summary>
    public static readonly WrittenRead Nothing = new(false, No);
}
