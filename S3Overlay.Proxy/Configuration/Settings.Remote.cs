using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Remote = "The remote";

    /// <summary>The heading of what further remotes are told.</summary>
    internal const string SeveralRemotes = "Several remotes";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<Uri?> RemoteEndpoint = new(
        "S3_OVERLAY_REMOTE_ENDPOINT", Remote, null, "The remote's URL. Unset, while another setting switches the remote on: AWS.",
        Parsers.Endpoint);

    public static readonly Setting<string?> RemoteRegion = new(
        "S3_OVERLAY_REMOTE_REGION", Remote, null,
        "The remote's region, unless its endpoint's name says another. Buckets of AWS in other regions are found all the same: it names theirs. `AWS_REGION` counts too, but does not switch a remote on.", Parsers.Region)
    { Aliases = ["AWS_REGION"] };

    public static readonly Setting<string?> RemoteAccessKeyId = new(
        "S3_OVERLAY_REMOTE_ACCESS_KEY_ID", Remote, null, "Credentials for the remote. Unset: the standard AWS chain.", Parsers.Token)
    { Aliases = ["AWS_REMOTE_ACCESS_KEY_ID"] };

    public static readonly Setting<string?> RemoteSecretAccessKey = new(
        "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", Remote, null, "The secret key that belongs to it.", Parsers.Text)
    { Aliases = ["AWS_REMOTE_SECRET_ACCESS_KEY"], IsSecret = true };

    public static readonly Setting<string?> RemoteSessionToken = new(
        "S3_OVERLAY_REMOTE_SESSION_TOKEN", Remote, null, "The session token of temporary credentials.", Parsers.Token)
    { Aliases = ["AWS_REMOTE_SESSION_TOKEN"], IsSecret = true };

    public static readonly Setting<string?> RemoteProfile = new(
        "S3_OVERLAY_REMOTE_PROFILE", Remote, null, "A profile of the AWS configuration files. Alone it switches the remote on: AWS.",
        Parsers.Text);

    public static readonly Setting<bool> RemoteAnonymous = new(
        "S3_OVERLAY_REMOTE_ANONYMOUS", Remote, "false",
        "Ask without signing, for public data sets. Alone, `true` switches the remote on: AWS.", Parsers.Switch);

    public static readonly Setting<bool> RemoteRequestPayer = new(
        "S3_OVERLAY_REMOTE_REQUEST_PAYER", Remote, "false", "Agree to pay for requests to requester-pays buckets.", static text =>
            text.Equals("requester", StringComparison.OrdinalIgnoreCase) || Parsers.Switch(text));

    public static readonly Setting<string?> RemoteCaFile = new(
        "S3_OVERLAY_REMOTE_CA_FILE", Remote, null, "A PEM file of the authorities that may vouch for the remote, for private ones.",
        Parsers.CertificateFile);

    public static readonly Setting<AddressingStyle> RemoteAddressingStyle = new(
        "S3_OVERLAY_REMOTE_ADDRESSING_STYLE", Remote, "auto",
        "`path` (`host/bucket/key`), `virtual` (`bucket.host/key`), or `auto`: virtual for AWS and Alibaba Cloud, but for dotted buckets over https; path for all other endpoints.",
        Parsers.Addressing);

    public static readonly Setting<StoreMake?> RemoteStore = new(
        "S3_OVERLAY_REMOTE_STORE", Remote, "auto",
        "What the remote is, which decides which names are no buckets there; see `S3_OVERLAY_LOCAL_STORE`.", Parsers.Store);

    public static readonly Setting<IReadOnlyList<BucketMapping>> Mapping = new(
        "S3_OVERLAY_BUCKET_MAPPING", Remote, null,
        "Which bucket here is which there: `local1:remote1,local2:remote2/prefix`, or a JSON object.", BucketMapping.Parse);

    public static readonly Setting<UnmappedBuckets> Unmapped = new(
        "S3_OVERLAY_UNMAPPED", Remote, "same-name",
        "Buckets without a mapping: `same-name` (reachable, not listed), `show` (listed too), `deny` (local only).",
        Parsers.OneOf(("same-name", UnmappedBuckets.SameName), ("show", UnmappedBuckets.Show), ("deny", UnmappedBuckets.Deny)));

    public static readonly Setting<RemoteForbidden> RemoteForbidden = new(
        "S3_OVERLAY_REMOTE_FORBIDDEN", Remote, "not-found",
        "What a client gets where the remote says AccessDenied on an object: `not-found` or `forbidden`.",
        Parsers.OneOf(("not-found", Options.RemoteForbidden.NotFound), ("forbidden", Options.RemoteForbidden.Forbidden)));

    public static readonly Setting<bool> RequireRemote = new(
        "S3_OVERLAY_REQUIRE_REMOTE", Remote, "false",
        "Start only if every remote answers and accepts the credentials, and no mapped bucket is missing. `false`: start anyway, and say in the log and at `/health` what is wrong.", Parsers.Switch);

    public static readonly Setting<TimeSpan> RemoteConnectTimeout = new(
        "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT", Remote, "3s", "How long one connection attempt may take.", Durations.ParsePositive);

    public static readonly Setting<TimeSpan> RemoteFirstByteTimeout = new(
        "S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", Remote, "10s", "How long the remote may take to begin its answer.",
        Durations.ParsePositive);

    public static readonly Setting<TimeSpan> RemoteStallTimeout = new(
        "S3_OVERLAY_REMOTE_STALL_TIMEOUT", Remote, "15s", "How long a body may stand still before it counts as broken.",
        Durations.ParsePositive);

    public static readonly Setting<long> RemoteMinRate = new(
        "S3_OVERLAY_REMOTE_MIN_RATE", Remote, "4KiB",
        "The fewest bytes a second that a body may bring while the proxy waits for it, judged over `S3_OVERLAY_REMOTE_STALL_TIMEOUT`. If a body is slower, the proxy asks for the rest again, and cuts the client if that does not help; `0` allows any rate.",
        Parsers.Size);

    public static readonly Setting<TimeSpan> RemoteBudget = new(
        "S3_OVERLAY_REMOTE_BUDGET", Remote, "45s", "How long attempts are repeated, in all, before the client is told 503.",
        Durations.ParsePositive);

    public static readonly Setting<IReadOnlyList<string>?> Remotes = new(
        "S3_OVERLAY_REMOTES", SeveralRemotes, null,
        "Names of further remotes, such as `images,logs`, each with settings of its own: those below, with the name for `<NAME>` in capitals, and `_` for `-`.",
        Parsers.RemoteNames);
#pragma warning restore CS1591
}
