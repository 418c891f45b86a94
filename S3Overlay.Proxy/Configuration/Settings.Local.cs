using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Regions;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Local = "The local layer";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<string> DataDirectory = new(
        "S3_OVERLAY_DATA_DIR", Local, "./data", "The folder of the built-in store: everything written, every delete.", Parsers.Folder);

    public static readonly Setting<bool> Durable = new(
        "S3_OVERLAY_DURABLE", Local, "true",
        "A write is on disk before it is acknowledged. `false`: faster, and a power cut may lose the last writes.", Parsers.Switch);

    public static readonly Setting<string?> DefaultBucketLocation = new(
        "S3_OVERLAY_DEFAULT_BUCKET_LOCATION", Local, AwsHosts.DefaultRegion,
        "The region of buckets made here. Where the local endpoint is AWS's, its own unless this is another.", Parsers.Region);

    public static readonly Setting<string?> LocalAccessKey = new(
        "S3_OVERLAY_LOCAL_ACCESS_KEY", Local, "minioadmin",
        "The local layer's access key; what clients sign with where they have no key of their own.", Parsers.Token);

    public static readonly Setting<string?> LocalSecretKey = new(
        "S3_OVERLAY_LOCAL_SECRET_KEY", Local, "minioadmin", "The secret key that belongs to it.", Parsers.Text) { IsSecret = true };

    public static readonly Setting<Uri?> LocalEndpoint = new(
        "S3_OVERLAY_LOCAL_ENDPOINT", Local, null,
        "An S3 endpoint as the local layer, in place of the built-in store: everything written is there.", Parsers.Endpoint);

    public static readonly Setting<string?> LocalSessionToken = new(
        "S3_OVERLAY_LOCAL_SESSION_TOKEN", Local, null, "The session token for that endpoint.", Parsers.Token)
    { IsSecret = true };

    public static readonly Setting<string?> LocalRegion = new(
        "S3_OVERLAY_LOCAL_REGION", Local, AwsHosts.DefaultRegion,
        "The region for that endpoint, unless its name or an answer of its says another; the built-in store has no use for it.",
        Parsers.Region);

    public static readonly Setting<AddressingStyle> LocalAddressingStyle = new(
        "S3_OVERLAY_LOCAL_ADDRESSING_STYLE", Local, "auto",
        "How that endpoint is asked for a bucket; see `S3_OVERLAY_REMOTE_ADDRESSING_STYLE`.", Parsers.Addressing);

    public static readonly Setting<StoreMake?> LocalStore = new(
        "S3_OVERLAY_LOCAL_STORE", Local, "auto",
        "What that endpoint is: `aws`, `minio`, `rustfs`, `ceph`, `seaweedfs`, `swift`, `zenko`, `versity`, `s3overlay` or `other`. It decides which names are no buckets, because the store keeps them for itself, and which operations beyond S3's go on to it. `auto` asks the store; if its answers do not show what it is, all names that known stores keep are reserved. `other` reserves none.",
        Parsers.Store);

    public static readonly Setting<int> Proxies = new(
        "S3_OVERLAY_PROXIES", Local, "1",
        "How many proxies share one local S3 endpoint. With more than one nothing is remembered that another may have changed, but for a second whether a bucket is there, and conditional writes need a store that has them.",
        Parsers.Count);

    public static readonly Setting<bool> ReadThroughOnLocalError = new(
        "S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR", Local, "false",
        "While a local S3 endpoint is down, GET and HEAD of objects show the remote alone, without what was written and deleted here, and say so: `x-s3overlay-local: unavailable`. All else stays 503.",
        Parsers.Switch);

    public static readonly Setting<string?> SpoolDirectory = new(
        "S3_OVERLAY_SPOOL_DIR", Local, null,
        "Where bytes on their way to a local S3 endpoint wait: running fills, uploads of unknown length (forms), and large ones with a checksum behind them where the store takes none there. Unset: `s3overlay-spool` in the system's folder for temporary files.", Parsers.Text);

    public static readonly Setting<long> SpoolMaxBytes = new(
        "S3_OVERLAY_SPOOL_MAX_BYTES", Local, "10GiB",
        "How much running fills may keep there, beyond which reads go on uncached; and, apart from them, how much of uploads that wait for their end: more is 503, and one that is larger 400 EntityTooLarge.", Parsers.Size);
#pragma warning restore CS1591
}
