namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What is kept of the remote, and how.</summary>
public sealed record CacheOptions
{
    /// <summary>Whether anything is kept.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>Objects up to this size are kept whole, larger ones in chunks.</summary>
    public required long ChunkThreshold { get; init; }

    /// <summary>The size of a chunk.</summary>
    public required long ChunkSize { get; init; }

    /// <summary>How many bytes may be fetched ahead of a sequential reader.</summary>
    public required long ReadAheadBytes { get; init; }

    /// <summary>What becomes of a fill whose last reader left.</summary>
    public required FillOnAbort FillOnAbort { get; init; }

    /// <summary>When held copies are compared with the remote.</summary>
    public Revalidation Revalidation { get; init; }

    /// <summary>How long past its life a copy may be served while the remote cannot be asked; null for any time.</summary>
    public TimeSpan? StaleIfError { get; init; }

    /// <summary>How long it is remembered that the remote lacks a key; no time for not at all.</summary>
    public TimeSpan NegativeLife { get; init; }

    /// <summary>Whether clients may say how far a copy will do.</summary>
    public bool AllowsDirectives { get; init; } = true;

    /// <summary>How many bytes may be held (rule E1); null for any number.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How many bytes of the cache's disk are left free (rule E5); null for 5 % of it, and 1 GiB at most.</summary>
    public long? MinFree { get; init; }

    /// <summary>On which miss an object is held (rule E2); 1 for the first.</summary>
    public int MinUses { get; init; } = 1;

    /// <summary>Where held copies are.</summary>
    public required string Directory { get; init; }

    /// <summary>The bucket name that is the overlay's own.</summary>
    public required string Bucket { get; init; }
}
