using System.Net;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Proxy.Configuration;

public static partial class Settings
{
    private const string Clients = "Clients";

#pragma warning disable CS1591 // the description of each setting is in its row
    public static readonly Setting<string?> AccessKey = new(
        "S3_OVERLAY_ACCESS_KEY", Clients, null,
        "The access key that clients sign with. Unset: the local layer's key, `minioadmin` by default.", Parsers.Text);

    public static readonly Setting<string?> SecretKey = new(
        "S3_OVERLAY_SECRET_KEY", Clients, null, "The secret key for it.", Parsers.Text) { IsSecret = true };

    public static readonly Setting<string?> KeysFile = new(
        "S3_OVERLAY_KEYS_FILE", Clients, null, "A JSON file of client keys, with rights per bucket: see below.", Parsers.ExistingFile);

    public static readonly Setting<AuthenticationMode> Auth = new Setting<ClientOptions, AuthenticationMode>(
        "S3_OVERLAY_AUTH", Clients, "keys", "`none` turns authentication off. Administration calls still need a signed request.",
        Parsers.OneOf(("keys", AuthenticationMode.Keys), ("none", AuthenticationMode.None)),
        static (options, value) => options with { Authentication = value });

    public static readonly Setting<IReadOnlyList<BucketRight>> AnonymousRead = new Setting<ClientOptions, IReadOnlyList<BucketRight>>(
        "S3_OVERLAY_ANONYMOUS_READ", Clients, null,
        "What can be read without a signature: buckets with their listings (`photos`), or objects (`photos/2024/*`). `*` and `?` "
        + "work as in rights. Unset: nothing.", Parsers.ReadableByAll, static (options, value) => options with { ReadableByAll = value });

    public static readonly Setting<IReadOnlySet<string>> ConsolePublic = new Setting<ClientOptions, IReadOnlySet<string>>(
        "S3_OVERLAY_CONSOLE_PUBLIC", Clients, null,
        "Buckets of `S3_OVERLAY_ANONYMOUS_READ` that people without keys browse as HTML pages at the S3 address, separated by commas. "
        + "Unset: none.", Parsers.ListedBuckets, static (options, value) => options with { PublicPages = value });

    public static readonly Setting<HiddenNames> Hide = new Setting<ClientOptions, HiddenNames>(
        "S3_OVERLAY_HIDE", Clients, null,
        "Buckets (`secrets`), and prefixes of buckets (`photos/private/`), that do not exist for clients, separated by commas (rule A8). "
        + "The administration sees them. Unset: nothing.", HiddenNames.Parse,
        static (options, value) => options with { Hidden = value });

    public static readonly Setting<bool> AllowDefaultKeys = new Setting<ClientOptions, bool>(
        "S3_OVERLAY_ALLOW_DEFAULT_KEYS", Clients, "false",
        "With a remote, the proxy refuses to listen beyond localhost if it has the `minioadmin` keys or no authentication. `true` "
        + "allows it.", Parsers.Switch, static (options, value) => options with { AllowsDefaultKeys = value });

    public static readonly Setting<string> Domain = new Setting<ClientOptions, string>(
        "S3_OVERLAY_DOMAIN", Clients, "localhost", "The domain for virtual-host style (`bucket.localhost:8000`). Path style always works.",
        Parsers.Domain, static (options, value) => options with { Domain = value });

    public static readonly Setting<string?> WebsiteDomain = new Setting<ClientOptions, string?>(
        "S3_OVERLAY_WEBSITE_DOMAIN", Clients, null,
        "The domain whose subdomains are buckets as websites (`bucket.web.localhost:8000` with `web.localhost`). See "
        + "[website.md](website.md). Unset: there are no websites.", Parsers.Domain,
        static (options, value) => options with { WebsiteDomain = value });

    public static readonly Setting<string?> Region = new Setting<ClientOptions, string?>(
        "S3_OVERLAY_REGION", Clients, null, "The only region that signatures may name. Unset: any.", Parsers.Region,
        static (options, value) => options with { Region = value });

    public static readonly Setting<string?> AccountId = new Setting<ClientOptions, string?>(
        "S3_OVERLAY_ACCOUNT_ID", Clients, null,
        "The account that owns the buckets, 12 digits. A request that expects another owner (`x-amz-expected-bucket-owner`, "
        + "`x-amz-source-expected-bucket-owner`) gets 403. For buckets that only a local S3 endpoint has, that store decides. Unset: "
        + "any owner is accepted.", Parsers.Account, static (options, value) => options with { AccountId = value });

    public static readonly Setting<bool> SigV2 = new Setting<ClientOptions, bool>(
        "S3_OVERLAY_SIGV2", Clients, "true", "Accept SigV2 signatures in headers, URLs and forms.", Parsers.Switch,
        static (options, value) => options with { AllowsVersion2 = value });

    public static readonly Setting<bool?> Cors = new(
        "S3_OVERLAY_CORS", Clients, null,
        "Allow pages of any origin to use the proxy from a browser. They still need a signature. Unset: `true` if you set your "
        + "own keys, `false` with the default keys or `S3_OVERLAY_AUTH=none`. With `true` and the default keys or `none`, pages "
        + "can only read.", Parsers.OptionalSwitch);

    public static readonly Setting<IReadOnlyList<string>> Hosts = new Setting<ClientOptions, IReadOnlyList<string>>(
        "S3_OVERLAY_HOSTS", Clients, null,
        "More host names that requests may use with the default keys or `S3_OVERLAY_AUTH=none`: `s3.example.com,*.lan.example`. "
        + "Addresses, `localhost`, names without a dot, and `S3_OVERLAY_DOMAIN` always work; other hosts get 403. With your own keys, "
        + "every host works.", Parsers.HostNames, static (options, value) => options with { Hosts = value });

    public static readonly Setting<int?> Port = new(
        "S3_OVERLAY_PORT", Clients, null,
        "The port to listen on, like `--port`. `0` is any free port. The host is that of `--urls`, or `127.0.0.1`. Unset: the port "
        + "of `--urls`, or 8000.", Parsers.Port);

    public static readonly Setting<IReadOnlyList<string>> ManagementUrls = new Setting<ProxyOptions, IReadOnlyList<string>>(
        "S3_OVERLAY_MANAGEMENT_URLS", Clients, null,
        "More addresses for `/health`, `/alive` and `/metrics`: `http://127.0.0.1:9100`, separated by `;`. They use plain HTTP and "
        + "need no signature.", Parsers.PlainAddresses, static (options, value) => options with { Management = value });

    public static readonly Setting<IReadOnlyList<string>> ConsoleUrls = new(
        "S3_OVERLAY_CONSOLE_URLS", Clients, "http://127.0.0.1:8001",
        "Addresses of the web console of `serve` and `demo`, separated by `;`: see [console.md](console.md). `false` turns it off. If "
        + "the default is in use, the proxy runs without a console.", Parsers.ConsoleAddresses);

    public static readonly Setting<IReadOnlyList<IPNetwork>> TrustedProxies = new Setting<ClientOptions, IReadOnlyList<IPNetwork>>(
        "S3_OVERLAY_TRUSTED_PROXIES", Clients, null,
        "Reverse proxies whose `X-Forwarded-For`, `-Host` and `-Proto` are used: addresses and networks, such as "
        + "`10.0.0.7,192.168.0.0/16,fd00::/8`. Headers from others are ignored. See below.", Parsers.Networks,
        static (options, value) => options with { TrustedProxies = value });

    public static readonly Setting<bool> ClientDirectives = new Setting<CacheOptions, bool>(
        "S3_OVERLAY_CLIENT_DIRECTIVES", Clients, "true",
        "Signed clients can send `Cache-Control: no-cache`, `no-store` or `only-if-cached` with reads.", Parsers.Switch,
        static (options, value) => options with { AllowsDirectives = value });

    public static readonly Setting<TimeSpan> ShutdownTimeout = new Setting<ProxyOptions, TimeSpan>(
        "S3_OVERLAY_SHUTDOWN_TIMEOUT", Clients, "30s",
        "How long running requests get to finish when the proxy stops. Then their connections are closed. See "
        + "[deployment.md](deployment.md#stopping).", Durations.ParsePositive,
        static (options, value) => options with { ShutdownTimeout = value });

    public static readonly Setting<string> AccessLog = new(
        "S3_OVERLAY_ACCESS_LOG", Clients, "off",
        "Where to write one line per request: `off`, `console`, or a file. SIGHUP reopens the file. See "
        + "[telemetry.md](telemetry.md#access-log).", Parsers.Text);

    public static readonly Setting<AccessLogFormat> AccessLogFormat = new(
        "S3_OVERLAY_ACCESS_LOG_FORMAT", Clients, "text",
        "The format of these lines: `text`, `json`, or `s3`, Amazon's server access log format.",
        Parsers.OneOf(("text", Options.AccessLogFormat.Text), ("json", Options.AccessLogFormat.Json), ("s3", Options.AccessLogFormat.S3)));
#pragma warning restore CS1591
}
