using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Views = "What clients see";
    private const string Cache = "Caching";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<ListingScope> Listing = new Setting<ViewOptions, ListingScope>(
        "S3_OVERLAY_LISTING", Views, "merged", "`merged` lists both layers as one. `local` lists only the local layer.",
        Parsers.OneOf(("merged", ListingScope.Merged), ("local", ListingScope.Local)),
        static (options, value) => options with { Listing = value });

    public static readonly Setting<ListingFailure> ListingOnError = new Setting<ViewOptions, ListingFailure>(
        "S3_OVERLAY_LISTING_ON_ERROR", Views, "error",
        "If the remote cannot be listed: `error` (503, which clients retry) or `local` (only the local layer, with a header that "
        + "says so).", Parsers.OneOf(("error", ListingFailure.Error), ("local", ListingFailure.Local)),
        static (options, value) => options with { ListingOnError = value });

    public static readonly Setting<DeleteBehaviour> Deletes = new Setting<ViewOptions, DeleteBehaviour>(
        "S3_OVERLAY_DELETES", Views, "tombstone", "`tombstone`: deleted objects stay deleted. `local`: they can come back from the remote.",
        Parsers.OneOf(("tombstone", DeleteBehaviour.Tombstone), ("local", DeleteBehaviour.Local)),
        static (options, value) => options with { Deletes = value });

    public static readonly Setting<bool> ShareRemote = new Setting<ViewOptions, bool>(
        "S3_OVERLAY_SHARE_REMOTE", Views, "false",
        "In a bucket with a remote, policies and ACLs open written objects only. With `true`, they open the remote's objects too.",
        Parsers.Switch, static (options, value) => options with { SharesRemote = value });

    public static readonly Setting<long> CopyUpMax = new Setting<ViewOptions, long>(
        "S3_OVERLAY_COPY_UP_MAX", Views, "5GiB",
        "The largest remote object that is copied to the local layer when a client sets its tags, ACL, retention or legal hold; at "
        + "most `5GiB`. `0` never copies (501).", Parsers.PieceSizeOrNone, static (options, value) => options with { CopyUpMax = value });

    public static readonly Setting<bool> CacheEnabled = new Setting<CacheOptions, bool>(
        "S3_OVERLAY_CACHE_ENABLED", Cache, "false", "Cache what is read from the remote.", Parsers.Switch,
        static (options, value) => options with { IsEnabled = value });

    public static readonly Setting<long> ChunkThreshold = new Setting<CacheOptions, long>(
        "S3_OVERLAY_CHUNK_THRESHOLD", Cache, "52428800", "Larger objects are cached in chunks, others whole. The same as `50MiB`.",
        Parsers.Size, static (options, value) => options with { ChunkThreshold = value });

    public static readonly Setting<long> ChunkSize = new Setting<CacheOptions, long>(
        "S3_OVERLAY_CHUNK_SIZE", Cache, "16777216", "The size of a chunk, from `16KiB` to `5GiB`. The same as `16MiB`.", Parsers.ChunkSize,
        static (options, value) => options with { ChunkSize = value });

    public static readonly Setting<long> ReadAheadBytes = new Setting<CacheOptions, long>(
        "S3_OVERLAY_READ_AHEAD_BYTES", Cache, "64MiB", "How far ahead of a sequential reader to fill. `0` turns read-ahead off.",
        Parsers.Size, static (options, value) => options with { ReadAheadBytes = value });

    public static readonly Setting<FillOnAbort> FillOnAbort = new Setting<CacheOptions, FillOnAbort>(
        "S3_OVERLAY_FILL_ON_ABORT", Cache, "finish", "When the last reader of a running fill disconnects: `finish` the fill or `drop` it.",
        Parsers.OneOf(("finish", Options.FillOnAbort.Finish), ("drop", Options.FillOnAbort.Drop)),
        static (options, value) => options with { FillOnAbort = value })
    { OldNames = ["S3_OVERLAY_FILL_ON_LEAVE"] };

    public static readonly Setting<string?> CacheDirectory = new Setting<CacheOptions, string?>(
        "S3_OVERLAY_CACHE_DIR", Cache, null,
        "The built-in store's cache folder. You can delete it at any time. Unset: `cache` in the data folder.", Parsers.Folder,
        static (options, value) => options with { Directory = value! });

    public static readonly Setting<string> CacheBucket = new Setting<CacheOptions, string>(
        "S3_OVERLAY_CACHE_BUCKET", Cache, "s3-overlay-cache",
        "The overlay's own bucket at a local S3 endpoint. Clients cannot see or create a bucket of this name.", Parsers.BucketName,
        static (options, value) => options with { Bucket = value });

    public static readonly Setting<Revalidation> Revalidate = new Setting<CacheOptions, Revalidation>(
        "S3_OVERLAY_REVALIDATE", Cache, "never",
        "When to check cache entries against the remote: `never`; `always`, at each read; after a duration such as `10m`; `frozen`: "
        + "never, and entries are never replaced. See below.", Revalidation.Parse,
        static (options, value) => options with { Revalidation = value });

    public static readonly Setting<TimeSpan> NegativeTtl = new Setting<CacheOptions, TimeSpan>(
        "S3_OVERLAY_NEGATIVE_TTL", Cache, "0", "How long a 404 of the remote is cached. `0` turns this off. A 403 is never cached.",
        Durations.Parse, static (options, value) => options with { NegativeLife = value });

    public static readonly Setting<TimeSpan?> StaleIfError = new Setting<CacheOptions, TimeSpan?>(
        "S3_OVERLAY_STALE_IF_ERROR", Cache, null,
        "How long after its expiry an entry is served while the remote does not answer. `0`: not at all. Unset: without limit.",
        static text => Durations.Parse(text), static (options, value) => options with { StaleIfError = value });

    public static readonly Setting<long?> CacheMaxBytes = new Setting<CacheOptions, long?>(
        "S3_OVERLAY_CACHE_MAX_BYTES", Cache, null,
        "The most bytes to cache. The least recently used entries are evicted first. On an S3 endpoint the limit is approximate. "
        + "Unset: no limit.", Parsers.OptionalSize, static (options, value) => options with { MaxBytes = value });

    public static readonly Setting<long?> CacheMinFree = new Setting<CacheOptions, long?>(
        "S3_OVERLAY_CACHE_MIN_FREE", Cache, null,
        "Built-in store: how much disk space the cache leaves free. The least recently used entries are evicted first. `0`: "
        + "evict only if a write needs the space. Unset: 5 % of the disk, at most `1GiB`.", Parsers.OptionalSize,
        static (options, value) => options with { MinFree = value });

    public static readonly Setting<long> MemoryCache = new Setting<CacheOptions, long>(
        "S3_OVERLAY_MEMORY_CACHE", Cache, "64MiB",
        "Built-in store: memory for objects up to `64KiB`, written or cached, that are read again and again. `0` keeps none.",
        Parsers.Size, static (options, value) => options with { MemoryBytes = value });

    public static readonly Setting<int> CacheMinUses = new Setting<CacheOptions, int>(
        "S3_OVERLAY_CACHE_MIN_USES", Cache, "1",
        "How many misses it takes to cache an object, up to `255`: `3` caches it on the third. Earlier reads pass through.",
        Parsers.Misses, static (options, value) => options with { MinUses = value });
#pragma warning restore CS1591
}
