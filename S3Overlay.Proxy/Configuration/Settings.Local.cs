using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Local = "The local layer";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<string> DataDirectory = new Setting<LocalOptions, string>(
        "S3_OVERLAY_DATA_DIR", Local, "./data", "The folder of the built-in store. It contains all writes and deletes.", Parsers.Folder,
        static (options, value) => options with { DataDirectory = value });

    public static readonly Setting<bool> Durable = new Setting<LocalOptions, bool>(
        "S3_OVERLAY_DURABLE", Local, "true",
        "A write is on disk before it is acknowledged. `false` is faster, but a power cut can lose the last writes.", Parsers.Switch,
        static (options, value) => options with { IsDurable = value });

    public static readonly Setting<TimeSpan> LifecycleDay = new Setting<LocalOptions, TimeSpan>(
        "S3_OVERLAY_LIFECYCLE_DAY", Local, "24h",
        "For tests: the length of a day in lifecycle rules of the built-in store. If it is not `24h`, days do not end at midnight.",
        Durations.ParsePositive, static (options, value) => options with { LifecycleDay = value });

    public static readonly Setting<TimeSpan> LoggingInterval = new Setting<LocalOptions, TimeSpan>(
        "S3_OVERLAY_LOGGING_INTERVAL", Local, "5m",
        "How long bucket logging of the built-in store collects records at most before it writes them as an object. It writes earlier if "
        + "the bucket is quiet for a fifth of this time. See [logging.md](logging.md).",
        Durations.ParsePositive, static (options, value) => options with { LoggingInterval = value });

    public static readonly Setting<string?> DefaultBucketLocation = new Setting<LocalOptions, string?>(
        "S3_OVERLAY_DEFAULT_BUCKET_LOCATION", Local, AwsHosts.DefaultRegion,
        "The region of new buckets. If the local endpoint is AWS and you do not change this, it is the endpoint's region.", Parsers.Region,
        static (options, value) => options with { BucketLocation = value! });

    public static readonly Setting<byte[]?> EncryptionKey = new(
        "S3_OVERLAY_ENCRYPTION_KEY", Local, null,
        "The built-in store's master key for objects that clients want encrypted (SSE-S3): 32 random bytes in base64. Without it, such "
        + "objects cannot be read. See [encryption.md](encryption.md).", EncryptionKeys.ParseKey) { IsSecret = true };

    public static readonly Setting<string?> EncryptionFile = new(
        "S3_OVERLAY_ENCRYPTION_FILE", Local, null,
        "A JSON file with the same master key, older master keys, and the named keys of SSE-KMS. See [encryption.md](encryption.md).",
        Parsers.Text);

    public static readonly Setting<bool> PlainCustomerKeys = new Setting<LocalOptions, bool>(
        "S3_OVERLAY_SSE_C_OVER_HTTP", Local, "false",
        "For test suites: the built-in store accepts encryption keys of clients (SSE-C) over plain HTTP. S3 refuses that.", Parsers.Switch,
        static (options, value) => options with { MayTakePlainKeys = value });

    public static readonly Setting<bool> NewBuckets = new Setting<LocalOptions, bool>(
        "S3_OVERLAY_NEW_BUCKETS", Local, "private",
        "How new buckets of the built-in store begin. `private`: ACLs are disabled and public access is blocked, as in S3 today. `acl`: "
        + "ACLs are enabled and nothing is blocked, as before April 2023. See [access.md](access.md).",
        Parsers.OneOf(("private", false), ("acl", true)), static (options, value) => options with { NewBucketsHaveAcls = value });

    public static readonly Setting<string?> LocalAccessKey = new(
        "S3_OVERLAY_LOCAL_ACCESS_KEY", Local, "minioadmin",
        "The local layer's access key. Clients sign with it if they have no keys of their own.", Parsers.Token);

    public static readonly Setting<string?> LocalSecretKey = new(
        "S3_OVERLAY_LOCAL_SECRET_KEY", Local, "minioadmin", "The secret key for it.", Parsers.Text) { IsSecret = true };

    public static readonly Setting<Uri?> LocalEndpoint = new Setting<LocalOptions, Uri?>(
        "S3_OVERLAY_LOCAL_ENDPOINT", Local, null,
        "An S3 endpoint as the local layer, instead of the built-in store. It contains all writes.", Parsers.Endpoint,
        static (options, value) => options with { Endpoint = value });

    public static readonly Setting<string?> LocalSessionToken = new Setting<LocalOptions, string?>(
        "S3_OVERLAY_LOCAL_SESSION_TOKEN", Local, null, "The session token for the local endpoint.", Parsers.Token,
        static (options, value) => options with { SessionToken = value })
    { IsSecret = true };

    public static readonly Setting<string?> LocalRegion = new Setting<LocalOptions, string?>(
        "S3_OVERLAY_LOCAL_REGION", Local, AwsHosts.DefaultRegion,
        "The local endpoint's region. Its host name or its responses can override this. The built-in store ignores it.", Parsers.Region,
        static (options, value) => options with { Region = value! });

    public static readonly Setting<AddressingStyle> LocalAddressingStyle = new Setting<LocalOptions, AddressingStyle>(
        "S3_OVERLAY_LOCAL_ADDRESSING_STYLE", Local, "auto",
        "How requests to the local endpoint name the bucket; see `S3_OVERLAY_REMOTE_ADDRESSING_STYLE`.", Parsers.Addressing,
        static (options, value) => options with { Addressing = value });

    public static readonly Setting<StoreMake?> LocalStore = new Setting<LocalOptions, StoreMake?>(
        "S3_OVERLAY_LOCAL_STORE", Local, "auto",
        "The local endpoint's vendor: `aws`, `minio`, `rustfs`, `ceph`, `seaweedfs`, `swift`, `zenko`, `versity`, `s3overlay` "
        + "or `other`. It decides which bucket names are refused, because the store uses them itself, and which operations beyond "
        + "S3's are passed on. `auto` detects the vendor. If that fails, the reserved names of all known vendors are refused. "
        + "`other` refuses none.", Parsers.Store, static (options, value) => options with { Make = value });

    public static readonly Setting<int> Proxies = new Setting<LocalOptions, int>(
        "S3_OVERLAY_PROXIES", Local, "1",
        "How many proxies share the local S3 endpoint. With more than one, a proxy does not keep in memory what another could "
        + "change. The one exception: whether a bucket exists, for one second. Conditional writes then need a store that supports "
        + "them.", Parsers.Count, static (options, value) => options with { Proxies = value });

    public static readonly Setting<bool> ReadThroughOnLocalError = new Setting<LocalOptions, bool>(
        "S3_OVERLAY_READ_THROUGH_ON_LOCAL_ERROR", Local, "false",
        "While the local S3 endpoint is down, GET and HEAD show the remote's objects, without your writes and deletes. Such "
        + "responses have `x-s3overlay-local: unavailable`. All other requests still get 503.", Parsers.Switch,
        static (options, value) => options with { ReadsThroughOnError = value });

    public static readonly Setting<string?> SpoolDirectory = new Setting<LocalOptions, string?>(
        "S3_OVERLAY_SPOOL_DIR", Local, null,
        "The folder for temporary files on the way to a local S3 endpoint. They are for running fills, for uploads of unknown "
        + "length (forms), and for large uploads if the store does not accept their trailing checksum. Unset: `s3overlay-spool` "
        + "in the system's temporary folder.", Parsers.Text, static (options, value) => options with { SpoolDirectory = value! });

    public static readonly Setting<long> SpoolMaxBytes = new Setting<LocalOptions, long>(
        "S3_OVERLAY_SPOOL_MAX_BYTES", Local, "10GiB",
        "How many bytes running fills, and blocks that wait to be stored, can use in `S3_OVERLAY_SPOOL_DIR`. Their files, one per "
        + "small object or chunk, can be a quarter of those that the process may have open. If there is no room, reads are not "
        + "cached. Uploads have a separate limit of the same size. If there is no room for an upload, it gets 503. If a single "
        + "upload exceeds the limit, it gets 400 EntityTooLarge.",
        Parsers.Size, static (options, value) => options with { SpoolMaxBytes = value });
#pragma warning restore CS1591
}
