namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>The environment variables that lead S3 clients to a proxy, and those that would lead them elsewhere.</summary>
internal static class ClientVariables
{
    /// <summary>The address for S3 alone. Other services keep theirs.</summary>
    public const string Endpoint = "AWS_ENDPOINT_URL_S3";

    private static readonly string[] ProxyExceptions = ["NO_PROXY", "no_proxy"];

    /// <summary>
    /// Names and starts of names of variables that choose other credentials or endpoints, or make clients ignore <see cref="Endpoint"/>.
    /// </summary>
    private static readonly string[] Others =
    [
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
    ];

    private static readonly string[] OtherFamilies =
        ["AWS_ROLE_", "AWS_WEB_IDENTITY_", "AWS_CONTAINER_", "AWS_ENDPOINT_URL", "AWS_ASSUME_ROLE", "AWS_SSO_"];

    /// <summary>The variables to set for a proxy.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(string endpoint, string accessKey, string secretKey, string region) =>
    [
        new(Endpoint, endpoint),
        new("AWS_ACCESS_KEY_ID", accessKey),
        new("AWS_SECRET_ACCESS_KEY", secretKey),
        new("AWS_REGION", region),
        new("AWS_DEFAULT_REGION", region),
    ];

    /// <summary>Whether a variable would lead clients elsewhere, or hold credentials of something else.</summary>
    public static bool LeadsElsewhere(string name) =>
        !name.Equals(Endpoint, StringComparison.OrdinalIgnoreCase)
        && (Others.Contains(name, StringComparer.OrdinalIgnoreCase)
            || OtherFamilies.Any(family => name.StartsWith(family, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Whether a variable is a setting of the proxy, under any of the prefixes that work.</summary>
    public static bool IsSetting(string name) =>
        RunSettings.IsOurs(name)
        || ((string[])["ASPNETCORE_", "DOTNET_"]).Any(prefix =>
            name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && RunSettings.IsOurs(name[prefix.Length..]));

    /// <summary>
    /// Changes an environment for a command that shall see the proxy and none of our own settings. This is no sandbox: the command can
    /// still read files, such as those of <c>~/.aws</c>.
    /// </summary>
    /// <param name="environment">The environment to change.</param>
    /// <param name="proxy">The variables of the proxy.</param>
    /// <param name="configFile">An empty file.</param>
    /// <param name="credentialsFile">An empty file.</param>
    public static void Apply(IDictionary<string, string?> environment, IEnumerable<KeyValuePair<string, string>> proxy, string configFile,
        string credentialsFile)
    {
        foreach (var name in environment.Keys.Where(static name => LeadsElsewhere(name) || IsSetting(name)).ToList())
        {
            environment.Remove(name);
        }

        foreach (var (name, value) in proxy)
        {
            environment[name] = value;
        }

        environment["AWS_EC2_METADATA_DISABLED"] = "true";
        environment["AWS_CONFIG_FILE"] = configFile;
        environment["AWS_SHARED_CREDENTIALS_FILE"] = credentialsFile;
        ExceptFromProxies(environment, new Uri(environment[Endpoint]!).Host);
        if (KestrelSettings.IsApplied)
        {
            environment.Remove(KestrelSettings.InlineCompletions);
        }
    }

    /// <summary>Clients differ in which spelling they prefer, so both have all hosts.</summary>
    private static void ExceptFromProxies(IDictionary<string, string?> environment, string host)
    {
        var hosts = ProxyExceptions.Select(environment.TryGetValueOrNull).FirstOrDefault(static value => !string.IsNullOrEmpty(value));
        foreach (var name in ProxyExceptions)
        {
            var known = environment.TryGetValueOrNull(name) is { Length: > 0 } own ? own : hosts;
            environment[name] = known is null ? host
                : known.Split(',', StringSplitOptions.TrimEntries).Any(each => each == host || each == "*") ? known
                : $"{known},{host}";
        }
    }

    private static string? TryGetValueOrNull(this IDictionary<string, string?> environment, string name) =>
        environment.TryGetValue(name, out var value) ? value : null;
}
