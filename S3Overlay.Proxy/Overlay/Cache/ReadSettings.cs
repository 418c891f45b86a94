using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>How keys that the remote owns are read.</summary>
public sealed record ReadSettings
{
    /// <summary>Whether objects are cached. If false, they pass through and nothing is stored.</summary>
    public bool CacheEnabled { get; init; } = true;

    /// <summary>Objects up to this many bytes are cached whole, larger ones in chunks (rule R5).</summary>
    public long ChunkThreshold { get; init; } = 50L << 20;

    /// <summary>Bytes per chunk.</summary>
    public long ChunkSize { get; init; } = 16L << 20;

    /// <summary>What a fill does when its last reader leaves (rule C2).</summary>
    public FillOnAbort FillOnAbort { get; init; } = FillOnAbort.Finish;

    /// <summary>The miss on which an object is cached (rule E2); 1 for the first.</summary>
    public int MinUses { get; init; } = 1;

    /// <summary>Bytes of read-ahead per sequential reader (rule C5); 0 turns it off.</summary>
    public long ReadAheadBytes { get; init; } = 64L << 20;

    /// <summary>
    /// If a running fill is farther than this many bytes from a byte that a reader waits for, a new fill starts there and the running one
    /// ends before it.
    /// </summary>
    public long TakeOverDistance { get; init; } = 8L << 20;

    /// <summary>How long a read may wait for the remote in total before its response begins (table F).</summary>
    public TimeSpan Budget { get; init; } = Settings.RemoteBudget.DefaultValue;

    /// <summary>What a client gets if the remote denies access to an object (table F).</summary>
    public RemoteForbidden RemoteForbidden { get; init; } = RemoteForbidden.NotFound;

    /// <summary>When entries are revalidated (rules S1, S4).</summary>
    public Revalidation Revalidation { get; init; } = Revalidation.Never;

    /// <summary>Whether entries are never replaced.</summary>
    public bool IsFrozen => Revalidation.Mode == RevalidationMode.Frozen;

    /// <summary>How long past its lifetime an entry may be used while the remote cannot be asked; null for any time.</summary>
    public TimeSpan? StaleIfError { get; init; }

    /// <summary>How long a 404 of the remote is remembered (rule S2); zero turns the negative cache off.</summary>
    public TimeSpan NegativeLife { get; init; }

    /// <summary>Whether clients may send cache directives (rule S3). Ignored when the cache is frozen.</summary>
    public bool AllowsDirectives { get; init; } = true;

    /// <summary>How long a read that could use a stale entry waits for the remote. The request itself goes on.</summary>
    public TimeSpan RevalidationTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same, if the remote is unlikely to respond.</summary>
    public TimeSpan ShortRevalidationTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often one read asks a remote that responds but gives no verdict. The other reads get stale entries at once.</summary>
    public TimeSpan SilentEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Takes the values from the proxy's options.</summary>
    public static ReadSettings From(ProxyOptions options) => new()
    {
        CacheEnabled = options.Cache.IsEnabled,
        ChunkThreshold = options.Cache.ChunkThreshold,
        ChunkSize = options.Cache.ChunkSize,
        FillOnAbort = options.Cache.FillOnAbort,
        MinUses = options.Cache.MinUses,
        ReadAheadBytes = options.Cache.ReadAheadBytes,
        Budget = options.RemoteBudget,
        RemoteForbidden = options.View.RemoteForbidden,
        Revalidation = options.Cache.Revalidation,
        NegativeLife = options.Cache.NegativeLife,
        AllowsDirectives = options.Cache.AllowsDirectives,
        StaleIfError = options.Cache.StaleIfError,

        // A read that can fall back to an entry must not use up its whole budget first.
        RevalidationTimeout = Shorter(new ReadSettings().RevalidationTimeout, options.RemoteBudget / 2),
        ShortRevalidationTimeout = Shorter(new ReadSettings().ShortRevalidationTimeout, options.RemoteBudget / 2),
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
