using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Remote = "The remote";

    internal const string SeveralRemotes = "Several remotes";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<Uri?> RemoteEndpoint = new Setting<RemoteOptions, Uri?>(
        "S3_OVERLAY_REMOTE_ENDPOINT", Remote, null, "The remote's URL. Unset: AWS, if another setting switches the remote on.",
        Parsers.Endpoint, static (options, value) => options with { Endpoint = value })
    { IsPerRemote = true, NamedDescription = "The remote's URL. Unset: AWS." };

    public static readonly Setting<string?> RemoteRegion = new Setting<RemoteOptions, string?>(
        "S3_OVERLAY_REMOTE_REGION", Remote, null,
        "The remote's region, unless its host name contains one. AWS buckets in other regions also work. `AWS_REGION` alone does not "
        + "switch a remote on.", Parsers.Region, static (options, value) => options with { Region = value })
    { IsPerRemote = true, NamedDescription = "The remote's region.", Aliases = ["AWS_REGION"] };

    public static readonly Setting<string?> RemoteAccessKeyId = new(
        "S3_OVERLAY_REMOTE_ACCESS_KEY_ID", Remote, null, "The remote's access key. Unset: the standard AWS chain.", Parsers.Token)
    { IsPerRemote = true, Aliases = ["AWS_REMOTE_ACCESS_KEY_ID"] };

    public static readonly Setting<string?> RemoteSecretAccessKey = new(
        "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", Remote, null, "The secret key for it.", Parsers.Text)
    { IsPerRemote = true, Aliases = ["AWS_REMOTE_SECRET_ACCESS_KEY"], IsSecret = true };

    public static readonly Setting<string?> RemoteSessionToken = new Setting<RemoteOptions, string?>(
        "S3_OVERLAY_REMOTE_SESSION_TOKEN", Remote, null, "The session token of temporary keys.", Parsers.Token,
        static (options, value) => options with { SessionToken = value })
    { IsPerRemote = true, Aliases = ["AWS_REMOTE_SESSION_TOKEN"], IsSecret = true };

    public static readonly Setting<string?> RemoteProfile = new Setting<RemoteOptions, string?>(
        "S3_OVERLAY_REMOTE_PROFILE", Remote, null, "A profile of the AWS configuration files. It alone switches a remote on: AWS.",
        Parsers.Text, static (options, value) => options with { Profile = value })
    { IsPerRemote = true, NamedDescription = "A profile of the AWS configuration files." };

    public static readonly Setting<bool> RemoteAnonymous = new Setting<RemoteOptions, bool>(
        "S3_OVERLAY_REMOTE_ANONYMOUS", Remote, "false", "Send unsigned requests, for public data. `true` alone switches a remote on: AWS.",
        Parsers.Switch, static (options, value) => options with { IsAnonymous = value })
    { IsPerRemote = true, NamedDescription = "Send unsigned requests, for public data." };

    public static readonly Setting<bool> RemoteRequestPayer = new Setting<RemoteOptions, bool>(
        "S3_OVERLAY_REMOTE_REQUEST_PAYER", Remote, "false", "Agree to pay for requests to requester-pays buckets.", static text =>
            text.Equals("requester", StringComparison.OrdinalIgnoreCase) || Parsers.Switch(text),
        static (options, value) => options with { RequestPayer = value })
    { IsPerRemote = true };

    public static readonly Setting<string?> RemoteCaFile = new Setting<RemoteOptions, string?>(
        "S3_OVERLAY_REMOTE_CA_FILE", Remote, null, "A PEM file of private certificate authorities to trust for the remote.",
        Parsers.CertificateFile, static (options, value) => options with { CaFile = value })
    { IsPerRemote = true };

    public static readonly Setting<AddressingStyle> RemoteAddressingStyle = new(
        "S3_OVERLAY_REMOTE_ADDRESSING_STYLE", Remote, "auto",
        "`path` (`host/bucket/key`), `virtual` (`bucket.host/key`), or `auto`. `auto` is virtual for AWS and Alibaba Cloud, and "
        + "path for all others. Over https, it is also path for buckets with a dot in their name.", Parsers.Addressing)
    { IsPerRemote = true, NamedDescription = "As for the unnamed remote." };

    public static readonly Setting<StoreMake?> RemoteStore = new Setting<RemoteOptions, StoreMake?>(
        "S3_OVERLAY_REMOTE_STORE", Remote, "auto",
        "The remote's vendor, which decides which bucket names are reserved there; see `S3_OVERLAY_LOCAL_STORE`.", Parsers.Store,
        static (options, value) => options with { Make = value })
    { IsPerRemote = true, NamedDescription = "As for the unnamed remote." };

    public static readonly Setting<IReadOnlyList<BucketMapping>> Mapping = new(
        "S3_OVERLAY_BUCKET_MAPPING", Remote, null,
        "Local bucket names and what they are in the remote: `local1:remote1,local2:remote2/prefix`, or a JSON object.",
        BucketMapping.Parse);

    public static readonly Setting<UnmappedBuckets> Unmapped = new(
        "S3_OVERLAY_UNMAPPED", Remote, "same-name",
        "Buckets without a mapping: `same-name` (reachable, not listed), `show` (listed too), `deny` (local only).",
        Parsers.OneOf(("same-name", UnmappedBuckets.SameName), ("show", UnmappedBuckets.Show), ("deny", UnmappedBuckets.Deny)));

    public static readonly Setting<RemoteForbidden> RemoteForbidden = new Setting<ViewOptions, RemoteForbidden>(
        "S3_OVERLAY_REMOTE_FORBIDDEN", Remote, "not-found",
        "What a client gets if the remote says AccessDenied for an object: `not-found` or `forbidden`.",
        Parsers.OneOf(("not-found", Options.RemoteForbidden.NotFound), ("forbidden", Options.RemoteForbidden.Forbidden)),
        static (options, value) => options with { RemoteForbidden = value });

    public static readonly Setting<bool> RequireRemote = new Setting<ProxyOptions, bool>(
        "S3_OVERLAY_REQUIRE_REMOTE", Remote, "false",
        "Start only if every remote answers and accepts the credentials, and no mapped bucket is missing. `false`: start anyway, and "
        + "report problems in the log and at `/health`.", Parsers.Switch,
        static (options, value) => options with { RequiresRemote = value });

    public static readonly Setting<TimeSpan> RemoteConnectTimeout = new Setting<RemoteOptions, TimeSpan>(
        "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT", Remote, "3s", "How long one connection attempt may take.", Durations.ParsePositive,
        static (options, value) => options with { ConnectTimeout = value });

    public static readonly Setting<TimeSpan> RemoteFirstByteTimeout = new Setting<RemoteOptions, TimeSpan>(
        "S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", Remote, "10s", "How long the remote may take to start its response.",
        Durations.ParsePositive, static (options, value) => options with { FirstByteTimeout = value });

    public static readonly Setting<TimeSpan> RemoteStallTimeout = new Setting<RemoteOptions, TimeSpan>(
        "S3_OVERLAY_REMOTE_STALL_TIMEOUT", Remote, "15s", "How long a body may stall before it counts as broken.", Durations.ParsePositive,
        static (options, value) => options with { StallTimeout = value });

    public static readonly Setting<long> RemoteMinRate = new Setting<RemoteOptions, long>(
        "S3_OVERLAY_REMOTE_MIN_RATE", Remote, "4KiB",
        "The lowest rate, in bytes per second, at which the remote must send a body while the proxy waits for bytes. It is "
        + "averaged over `S3_OVERLAY_REMOTE_STALL_TIMEOUT`. If a body is slower, the proxy requests the rest again. If that does "
        + "not help, it closes the client's connection. `0` allows any rate.", Parsers.Size,
        static (options, value) => options with { MinRate = value });

    public static readonly Setting<TimeSpan> RemoteBudget = new Setting<RemoteOptions, TimeSpan>(
        "S3_OVERLAY_REMOTE_BUDGET", Remote, "45s", "How long the proxy retries in total before the client gets 503.",
        Durations.ParsePositive, static (options, value) => options with { Budget = value });

    public static readonly Setting<IReadOnlyList<string>?> Remotes = new(
        "S3_OVERLAY_REMOTES", SeveralRemotes, null,
        "Names of more remotes, such as `images,logs`. Each has the settings below, with its name in capitals for `<NAME>`, and `_` "
        + "for `-`.", Parsers.RemoteNames);
#pragma warning restore CS1591
}
