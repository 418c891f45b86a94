using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Freshness;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

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

    /// <summary>When cached entries are used and revalidated.</summary>
    public FreshnessSettings Freshness { get; init; } = new();

    /// <summary>What a client gets if the remote denies access to an object (table F).</summary>
    public RemoteForbidden RemoteForbidden { get; init; } = RemoteForbidden.NotFound;

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
        Freshness = FreshnessSettings.From(options),
        RemoteForbidden = options.View.RemoteForbidden,
    };
}
