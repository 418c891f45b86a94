using System.Net;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Clients = "Clients";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<string?> AccessKey = new(
        "S3_OVERLAY_ACCESS_KEY", Clients, null, "The access key clients sign with. Unset: the local layer's, `minioadmin`.", Parsers.Text);

    public static readonly Setting<string?> SecretKey = new(
        "S3_OVERLAY_SECRET_KEY", Clients, null, "The secret key that belongs to it.", Parsers.Text) { IsSecret = true };

    public static readonly Setting<string?> KeysFile = new(
        "S3_OVERLAY_KEYS_FILE", Clients, null, "A JSON file of many client keys with rights per bucket: see below.", Parsers.ExistingFile);

    public static readonly Setting<AuthenticationMode> Auth = new(
        "S3_OVERLAY_AUTH", Clients, "keys", "`none`: nobody has to sign and everyone may do everything, but for the administration calls.",
        Parsers.OneOf(("keys", AuthenticationMode.Keys), ("none", AuthenticationMode.None)));

    public static readonly Setting<IReadOnlyList<BucketRight>> AnonymousRead = new(
        "S3_OVERLAY_ANONYMOUS_READ", Clients, null,
        "What may be read without signing: buckets (`photos`), listings too, or objects (`photos/2024/*`); `*` and `?` as in rights. Unset: nothing.",
        Parsers.ReadableByAll);

    public static readonly Setting<bool> AllowDefaultKeys = new(
        "S3_OVERLAY_ALLOW_DEFAULT_KEYS", Clients, "false",
        "Without it the proxy does not start with `minioadmin` keys, or without authentication, where it has a remote and listens on more than loopback.",
        Parsers.Switch);

    public static readonly Setting<string> Domain = new(
        "S3_OVERLAY_DOMAIN", Clients, "localhost", "Buckets are host names below it (`bucket.localhost:8000`), beside path style.",
        Parsers.Domain);

    public static readonly Setting<string?> Region = new(
        "S3_OVERLAY_REGION", Clients, null, "The one region that signatures may name. Unset: any.", Parsers.Region);

    public static readonly Setting<string?> AccountId = new(
        "S3_OVERLAY_ACCOUNT_ID", Clients, null,
        "The account that buckets belong to, 12 digits. A request that expects another owner (`x-amz-expected-bucket-owner`, `x-amz-source-expected-bucket-owner`) is 403; buckets that are an S3 endpoint's "
        + "alone are its own to judge. Unset: any will do.",
        Parsers.Account);

    public static readonly Setting<bool> SigV2 = new(
        "S3_OVERLAY_SIGV2", Clients, "true", "Signatures of version 2 are taken, too: in headers, links and forms.", Parsers.Switch);

    public static readonly Setting<bool?> Cors = new(
        "S3_OVERLAY_CORS", Clients, null,
        "Whether pages of any origin may use the proxy from a browser. They still have to sign. Unset: `true`, but `false` with the default keys or `S3_OVERLAY_AUTH=none`; set to `true` there, pages may only read.",
        Parsers.OptionalSwitch);

    public static readonly Setting<IReadOnlyList<string>> Hosts = new(
        "S3_OVERLAY_HOSTS", Clients, null,
        "Further host names that requests may use with the default keys or `S3_OVERLAY_AUTH=none`: `s3.example.com,*.lan.example`. Others are 403, except addresses, `localhost`, names without a dot, and `S3_OVERLAY_DOMAIN`. "
        + "With keys of your own any host may be used.",
        Parsers.HostNames);

    public static readonly Setting<int?> Port = new(
        "S3_OVERLAY_PORT", Clients, null,
        "The port to listen on; `--port` on the command line is the same, and `0` is any free one. The host stays that of `--urls`, or `127.0.0.1`. Unset: the port of `--urls`, or 8000.",
        Parsers.Port);

    public static readonly Setting<IReadOnlyList<string>> ManagementUrls = new(
        "S3_OVERLAY_MANAGEMENT_URLS", Clients, null,
        "Addresses of their own for `/health`, `/alive` and `/metrics`, beside the S3 port: `http://127.0.0.1:9100`, several with `;` between them. Plain HTTP, nothing is signed.",
        Parsers.PlainAddresses);

    public static readonly Setting<IReadOnlyList<IPNetwork>> TrustedProxies = new(
        "S3_OVERLAY_TRUSTED_PROXIES", Clients, null,
        "Reverse proxies whose `X-Forwarded-For`, `-Host` and `-Proto` count: addresses and networks, such as `10.0.0.7,192.168.0.0/16,fd00::/8`. Everybody else's are ignored. See below.", Parsers.Networks);

    public static readonly Setting<bool> ClientDirectives = new(
        "S3_OVERLAY_CLIENT_DIRECTIVES", Clients, "true",
        "Clients that sign may say `Cache-Control: no-cache`, `no-store` or `only-if-cached` on reads.", Parsers.Switch);

    public static readonly Setting<TimeSpan> ShutdownTimeout = new(
        "S3_OVERLAY_SHUTDOWN_TIMEOUT", Clients, "30s",
        "How long requests may take to finish once the proxy is told to stop. Then they are cut. See [deployment.md](deployment.md#stopping).", Durations.ParsePositive);

    public static readonly Setting<string> AccessLog = new(
        "S3_OVERLAY_ACCESS_LOG", Clients, "off",
        "Where one line for each request goes: `off`, `console`, or a file, which SIGHUP opens again. See [telemetry.md](telemetry.md#access-log).", Parsers.Text);

    public static readonly Setting<AccessLogFormat> AccessLogFormat = new(
        "S3_OVERLAY_ACCESS_LOG_FORMAT", Clients, "text",
        "How those lines are written: `text`, `json`, or `s3`, Amazon's server access log format.",
        Parsers.OneOf(("text", Options.AccessLogFormat.Text), ("json", Options.AccessLogFormat.Json), ("s3", Options.AccessLogFormat.S3)));
#pragma warning restore CS1591
}
