using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Checks settings against each other.</summary>
internal static class OptionsValidator
{
    public static void Validate(ProxyOptions options, ConfigurationProblems problems)
    {
        var malformed = options.Listen.Urls.Where(url => !ListenAddresses.IsWellFormed(url)).ToList();
        foreach (var url in malformed)
        {
            problems.Error("urls", url, $"is not an address to listen on. Write it as {ListenAddresses.Default}.");
        }

        if (malformed.Count == 0)
        {
            CheckExposure(options, problems);
        }

        CheckLocal(options.Local, options.Listen, problems);
        CheckStoreKeys(options, problems);
        CheckPages(options.Clients, problems);
        if (options.Local.Endpoint is not null && !BucketNames.IsValid(options.Cache.Bucket))
        {
            problems.Error(
                Settings.CacheBucket.Name, options.Cache.Bucket,
                "is not a valid name for a new bucket: 3 to 63 lower-case letters, digits, dots and dashes. Choose another.");
        }

        CheckWebsites(options, problems);
        CacheValidator.Validate(options, problems);
        RemotesValidator.Validate(options, problems);
    }

    /// <summary>Each host is either a bucket or a website.</summary>
    private static void CheckWebsites(ProxyOptions options, ConfigurationProblems problems)
    {
        if (options.Clients.WebsiteDomain is { } site && site.Equals(options.Clients.Domain, StringComparison.OrdinalIgnoreCase))
        {
            problems.Error(Settings.WebsiteDomain.Name, site,
                $"is also {Settings.Domain.Name}, so its subdomains would be buckets and websites at once. Choose another domain.");
        }
        else if (options.Clients is { WebsiteDomain: { } above, Domain: { } domain }
            && domain.EndsWith("." + above, StringComparison.OrdinalIgnoreCase))
        {
            problems.Error(Settings.WebsiteDomain.Name, above,
                $"is above {Settings.Domain.Name} ({domain}), so the S3 API's own host would be a website. Choose another domain.");
        }
        else if (options.Clients.WebsiteDomain is { } unused && options.Local.Endpoint is not null)
        {
            problems.Error(Settings.WebsiteDomain.Name, unused,
                $"needs the built-in store, but {Settings.LocalEndpoint.Name} is set. Remove one.");
        }
    }

    private static void CheckLocal(LocalOptions local, ListenAddresses listen, ConfigurationProblems problems)
    {
        if (local.Endpoint is { } endpoint && listen.Include(endpoint))
        {
            problems.Error(Settings.LocalEndpoint.Name, endpoint.ToString(),
                "is where this proxy itself listens. Set it to the local store.");
        }
        else if (local.Endpoint is null && local.Proxies > 1)
        {
            problems.Error(
                Settings.Proxies.Name, local.Proxies.ToString(System.Globalization.CultureInfo.InvariantCulture),
                $"says that several proxies share the store, but the built-in store has one. Set {Settings.LocalEndpoint.Name}.");
        }
    }

    /// <summary>Pages are for people without keys.</summary>
    private static void CheckPages(ClientOptions clients, ConfigurationProblems problems)
    {
        foreach (var bucket in clients.PublicPages.Where(bucket => !clients.ReadableByAll.Any(right => right.Covers(bucket, ""))))
        {
            problems.Error(Settings.ConsolePublic.Name, bucket,
                $"cannot be listed without a key. Add it to {Settings.AnonymousRead.Name}.");
        }
    }

    /// <summary>Clients' own keys for the store need an S3 endpoint, and authentication.</summary>
    private static void CheckStoreKeys(ProxyOptions options, ConfigurationProblems problems)
    {
        var names = string.Join(", ", options.Clients.Keys.Where(key => key.Local is not null).Select(key => key.AccessKey));
        if (names.Length == 0)
        {
            return;
        }

        if (options.Local.Endpoint is null)
        {
            problems.Error(
                Settings.KeysFile.Name, null,
                $"gives {names} keys for a local S3 endpoint (\"local\"), but the local layer is the built-in store. "
                + $"Set {Settings.LocalEndpoint.Name}.");
        }

        if (options.Clients.Authentication == AuthenticationMode.None)
        {
            problems.Error(
                Settings.KeysFile.Name, null,
                $"gives {names} keys for the local S3 endpoint (\"local\"), but {Settings.Auth.Name}=none cannot distinguish clients. "
                + "Remove one.");
        }
    }

    /// <summary>An open proxy would give anyone what its remote credentials can read (rule A2).</summary>
    private static void CheckExposure(ProxyOptions options, ConfigurationProblems problems)
    {
        var clients = options.Clients;
        var isOpen = clients.Authentication == AuthenticationMode.None;
        if (!clients.IsOpenToAll || options.Listen.IsLoopbackOnly || clients.AllowsDefaultKeys)
        {
            return;
        }

        var (setting, what) = isOpen
            ? (Settings.Auth.Name, "authentication is off")
            : (Settings.AccessKey.Name, "the default minioadmin keys are in use");
        var where = string.Join(", ", options.Listen.Urls);
        if (options.Remotes.Count == 0)
        {
            problems.Warning(
                setting, null, $"{what}, and the proxy listens on {where}: anyone who can reach it may read and write everything.");
        }
        else
        {
            problems.Error(
                setting, null,
                $"{what}, the proxy listens on {where}, and would expose the remote. "
                + $"Set {Settings.AccessKey.Name} and {Settings.SecretKey.Name}, or listen on 127.0.0.1, "
                + $"or set {Settings.AllowDefaultKeys.Name}=true.");
        }
    }
}
