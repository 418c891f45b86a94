using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Views = "What clients see";
    private const string Cache = "Caching";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<ListingScope> Listing = new(
        "S3_OVERLAY_LISTING", Views, "merged", "`merged`: local and remote as one. `local`: local alone.",
        Parsers.OneOf(("merged", ListingScope.Merged), ("local", ListingScope.Local)));

    public static readonly Setting<ListingFailure> ListingOnError = new(
        "S3_OVERLAY_LISTING_ON_ERROR", Views, "error",
        "When the remote cannot be listed: `error` (503, which clients repeat) or `local` (local alone, said in a header).",
        Parsers.OneOf(("error", ListingFailure.Error), ("local", ListingFailure.Local)));

    public static readonly Setting<DeleteBehaviour> Deletes = new(
        "S3_OVERLAY_DELETES", Views, "tombstone", "`tombstone`: what was deleted stays deleted. `local`: it may come back from the remote.",
        Parsers.OneOf(("tombstone", DeleteBehaviour.Tombstone), ("local", DeleteBehaviour.Local)));

    public static readonly Setting<long> CopyUpMax = new(
        "S3_OVERLAY_COPY_UP_MAX", Views, "5GiB",
        "How large an object of the remote may be that is copied to local when its tags, ACL, retention or legal hold are set, at most `5GiB`; `0` for no such copies (501).",
        Parsers.PieceSizeOrNone);

    public static readonly Setting<bool> CacheEnabled = new(
        "S3_OVERLAY_CACHE_ENABLED", Cache, "false", "Keep what is read from the remote.", Parsers.Switch);

    public static readonly Setting<long> ChunkThreshold = new(
        "S3_OVERLAY_CHUNK_THRESHOLD", Cache, "52428800",
        "Objects up to this size are kept whole, larger ones in chunks. `50MiB` is the same.", Parsers.Size);

    public static readonly Setting<long> ChunkSize = new(
        "S3_OVERLAY_CHUNK_SIZE", Cache, "16777216", "The size of a chunk, at least `16KiB` and at most `5GiB`. `16MiB` is the same.",
        Parsers.ChunkSize);

    public static readonly Setting<long> ReadAheadBytes = new(
        "S3_OVERLAY_READ_AHEAD_BYTES", Cache, "64MiB", "How far ahead of a sequential reader chunks may be fetched; `0` for not at all.",
        Parsers.Size);

    public static readonly Setting<FillOnAbort> FillOnAbort = new(
        "S3_OVERLAY_FILL_ON_LEAVE", Cache, "finish", "When the last reader of a running fill leaves: `finish` it or `drop` it.",
        Parsers.OneOf(("finish", Options.FillOnAbort.Finish), ("drop", Options.FillOnAbort.Drop)));

    public static readonly Setting<string?> CacheDirectory = new(
        "S3_OVERLAY_CACHE_DIR", Cache, null,
        "Where held copies are; may be deleted by hand at any time. Unset: `cache` in the data folder.", Parsers.Folder);

    public static readonly Setting<string> CacheBucket = new(
        "S3_OVERLAY_CACHE_BUCKET", Cache, "s3-overlay-cache", "A bucket name that is the overlay's own: clients cannot see or make it.",
        Parsers.BucketName);

    public static readonly Setting<Revalidation> Revalidate = new(
        "S3_OVERLAY_REVALIDATE", Cache, "never",
        "Whether held copies are compared with the remote: `never`; `always`, at each read; after a duration such as `10m`; `frozen`: never, and what is held is never replaced. See below.",
        Revalidation.Parse);

    public static readonly Setting<TimeSpan> NegativeTtl = new(
        "S3_OVERLAY_NEGATIVE_TTL", Cache, "0",
        "How long it is remembered that the remote has no object of a key; `0` for not at all. A refusal (403) is never remembered.",
        Durations.Parse);

    public static readonly Setting<TimeSpan?> StaleIfError = new(
        "S3_OVERLAY_STALE_IF_ERROR", Cache, null,
        "How long a copy past its life may still be served while the remote cannot be asked; `0` for not at all. Unset: any time.",
        static text => Durations.Parse(text));

    public static readonly Setting<long?> CacheMaxBytes = new(
        "S3_OVERLAY_CACHE_MAX_BYTES", Cache, null,
        "A bound on held bytes: copies that were used longest ago go first. Over an S3 endpoint about so many. Unset: no bound.",
        Parsers.OptionalSize);

    public static readonly Setting<long?> CacheMinFree = new(
        "S3_OVERLAY_CACHE_MIN_FREE", Cache, null,
        "Built-in store: how much of its disk the cache leaves free. Copies that were used longest ago go first. `0`: only what writes need. Unset: 5 % of the disk, at most `1GiB`.", Parsers.OptionalSize);

    public static readonly Setting<int> CacheMinUses = new(
        "S3_OVERLAY_CACHE_MIN_USES", Cache, "1", "Kept on the n-th miss, at most the 255th; until then streamed through.", Parsers.Misses);

    public static readonly Setting<CachePlace> CachePlace = new(
        "S3_OVERLAY_CACHE_PLACE", Cache, "cache-bucket",
        "Over an S3 endpoint: `cache-bucket`, or `bucket`: copies of objects that are kept whole stand under their own key in their own bucket, as plain bytes, where that is safe (`docs/semantics.md`, E4).",
        Parsers.OneOf(("cache-bucket", Options.CachePlace.CacheBucket), ("bucket", Options.CachePlace.Bucket)));
#pragma warning restore CS1591
}
