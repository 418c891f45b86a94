using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Freshness;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>How remote-owned keys are read.</summary>
public sealed record ReadSettings
{
    /// <summary>Whether what is read is held. Otherwise it is streamed through, and nothing is stored.</summary>
    public bool CacheEnabled { get; init; } = true;

    /// <summary>Objects up to this size are held whole, larger ones in chunks (rule R5).</summary>
    public long ChunkThreshold { get; init; } = 50L << 20;

    /// <summary>The size of a chunk.</summary>
    public long ChunkSize { get; init; } = 16L << 20;

    /// <summary>What becomes of a fill whose last reader has left (rule C2).</summary>
    public FillOnAbort FillOnAbort { get; init; } = FillOnAbort.Finish;

    /// <summary>On which miss an object is held (rule E2); 1 for the first.</summary>
    public int MinUses { get; init; } = 1;

    /// <summary>How many bytes may be fetched ahead of each sequential reader (rule C5); 0 for none.</summary>
    public long ReadAheadBytes { get; init; } = 64L << 20;

    /// <summary>
    /// How far a running fill may be from a byte that a reader waits for. Where it is farther, the bytes from there on are asked for at
    /// once, and the fill ends where they begin.
    /// </summary>
    public long TakeOverDistance { get; init; } = 8L << 20;

    /// <summary>How long a read may wait for the remote in all until its answer begins (table F).</summary>
    public TimeSpan Budget { get; init; } = Settings.RemoteBudget.DefaultValue;

    /// <summary>How far held copies are believed.</summary>
    public FreshnessSettings Freshness { get; init; } = new();

    /// <summary>What a client gets where the remote refuses an object (table F).</summary>
    public RemoteForbidden RemoteForbidden { get; init; } = RemoteForbidden.NotFound;

    /// <summary>What the settings say.</summary>
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
