using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>The cache.</summary>
public sealed record CacheOptions
{
    /// <summary>Whether the cache is on.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>Larger objects are cached in chunks, others whole.</summary>
    public long ChunkThreshold { get; init; }

    /// <summary>The size of a chunk.</summary>
    public long ChunkSize { get; init; }

    /// <summary>How far ahead of a sequential reader the cache is filled, in bytes.</summary>
    public long ReadAheadBytes { get; init; }

    /// <summary>What happens to a fill when its last reader disconnects.</summary>
    public FillOnAbort FillOnAbort { get; init; }

    /// <summary>When entries are checked against the remote.</summary>
    public Revalidation Revalidation { get; init; }

    /// <summary>How long after its expiry an entry may be served while the remote does not answer; null for no limit.</summary>
    public TimeSpan? StaleIfError { get; init; }

    /// <summary>How long a 404 of the remote is cached; zero for not at all.</summary>
    public TimeSpan NegativeLife { get; init; }

    /// <summary>Whether signed clients may send <c>Cache-Control</c> directives.</summary>
    public bool AllowsDirectives { get; init; } = true;

    /// <summary>The most bytes to cache (rule E1); null for no limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How many bytes of the cache's disk are left free (rule E5); null for 5 % of it, and 1 GiB at most.</summary>
    public long? MinFree { get; init; }

    /// <summary>Bytes of memory for small objects, written or cached; 0 for none.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The miss on which an object is cached (rule E2); 1 for the first.</summary>
    public int MinUses { get; init; } = 1;

    /// <summary>The cache folder of the built-in store.</summary>
    public string Directory { get; init; } = "";

    /// <summary>The bucket name that is the overlay's own.</summary>
    public string Bucket { get; init; } = "";
}

/// <summary>What happens to a fill when its last reader disconnects (rule C2).</summary>
public enum FillOnAbort
{
    /// <summary>It is finished.</summary>
    Finish,

    /// <summary>It is dropped; finished chunks stay.</summary>
    Drop,
}

/// <summary>When entries are checked against the remote (rule S1).</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Life">How long an entry stays fresh after a check; only with <see cref="RevalidationMode.AfterLife"/>.</param>
public readonly record struct Revalidation(RevalidationMode Mode, TimeSpan Life)
{
    /// <summary>Entries stay until they are evicted.</summary>
    public static readonly Revalidation Never = new(RevalidationMode.Never, TimeSpan.Zero);

    /// <summary>At each read.</summary>
    public static readonly Revalidation Always = new(RevalidationMode.Always, TimeSpan.Zero);

    /// <summary>Entries are never replaced.</summary>
    public static readonly Revalidation Frozen = new(RevalidationMode.Frozen, TimeSpan.Zero);

    /// <summary>When an entry is older than this. Zero means always.</summary>
    public static Revalidation After(TimeSpan life) => life > TimeSpan.Zero ? new(RevalidationMode.AfterLife, life) : Always;

    /// <summary>Reads a mode by its name, or a duration.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static Revalidation Parse(string text)
    {
        switch (text.ToLowerInvariant())
        {
            case "never":
                return Never;
            case "always":
                return Always;
            case "frozen":
                return Frozen;
        }

        try
        {
            return After(Durations.Parse(text));
        }
        catch (FormatException)
        {
            throw new FormatException("must be never, always, frozen or a duration such as 10m.");
        }
    }
}

/// <summary>When entries are checked against the remote (rule S1).</summary>
public enum RevalidationMode
{
    /// <summary>Never: entries stay until they are evicted.</summary>
    Never,

    /// <summary>At each read.</summary>
    Always,

    /// <summary>When they are older than their lifetime.</summary>
    AfterLife,

    /// <summary>Never, and entries are never replaced.</summary>
    Frozen,
}
