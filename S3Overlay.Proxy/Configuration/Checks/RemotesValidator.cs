using System.Net;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Checks the settings of remotes against each other and against the local layer's.</summary>
internal static class RemotesValidator
{
    public static void Validate(ProxyOptions options, ConfigurationProblems problems)
    {
        foreach (var remote in options.Remotes)
        {
            CheckOwnBucket(remote, options.Cache.Bucket, problems);
            CheckLocal(remote, options.Local, problems);
            if (remote.Endpoint is { } endpoint && options.Listen.Include(endpoint))
            {
                problems.Error(remote.Settings.NameOf(Settings.RemoteEndpoint), endpoint.ToString(),
                    "is where this proxy itself listens. Set it to the remote store.");
            }
        }

        if (options.RequiresRemote && options.Remotes.Count == 0)
        {
            problems.Error(
                Settings.RequireRemote.Name, "true",
                "asks for a remote, and none is set. "
                + $"Set {Settings.RemoteEndpoint.Name}, or {Settings.RemoteRegion.Name} for AWS, or {Settings.Remotes.Name}.");
        }

        CheckPlaces(options.Remotes, problems);
        if (options.Remotes is [var any, ..] && any.Budget < any.ConnectTimeout)
        {
            problems.Error(
                Settings.RemoteBudget.Name, $"{any.Budget.TotalSeconds}s",
                $"is shorter than one connection attempt ({Settings.RemoteConnectTimeout.Name}). Make it longer.");
        }
    }

    /// <summary>
    /// Rule W1. If a bucket were its own remote, each write would change the remote, and each delete would remove the only object.
    /// </summary>
    private static void CheckLocal(RemoteOptions remote, LocalOptions local, ConfigurationProblems problems)
    {
        if (local.Endpoint is not { } endpoint || !AreSame(endpoint, remote.Endpoint ?? AwsHosts.EndpointOf(remote.Region)))
        {
            return;
        }

        var what = $"is the store that {Settings.LocalEndpoint.Name} names too";
        if (remote.Unmapped != UnmappedBuckets.Deny)
        {
            problems.Error(
                remote.Settings.NameOf(Settings.RemoteEndpoint), remote.DisplayName,
                $"{what}, so every bucket would be its own remote, and a delete would remove the only object. "
                + $"Set another store, or {WayToDeny(remote)} and map buckets to others.");
        }

        foreach (var row in remote.Mapping.Where(IsItself))
        {
            problems.Error(
                PlacesOf(remote), $"{row.Here}:{row.There}",
                $"is its own remote, since {remote.Settings.NameOf(Settings.RemoteEndpoint)} {what}: "
                + "a delete would remove the only object. Map it to another bucket or prefix.");
        }
    }

    private static string WayToDeny(RemoteOptions remote) =>
        remote.Name.Length == 0 ? $"{Settings.Unmapped.Name}=deny" : $"{PlacesOf(remote)} without {BackedPlaces.Everything}";

    private static bool IsItself(BucketMapping row) =>
        row.Local == row.Remote && (row.Prefix.StartsWith(row.LocalPrefix, StringComparison.Ordinal)
            || row.LocalPrefix.StartsWith(row.Prefix, StringComparison.Ordinal));

    /// <summary>Rule T5: the cache bucket is the overlay's own.</summary>
    private static void CheckOwnBucket(RemoteOptions remote, string own, ConfigurationProblems problems)
    {
        foreach (var row in remote.Mapping.Where(row => string.Equals(row.Local, own, StringComparison.OrdinalIgnoreCase)
            || row.Remote == own))
        {
            problems.Error(
                PlacesOf(remote), $"{row.Here}:{row.There}",
                $"{own} is the overlay's own bucket. Map another, or set {Settings.CacheBucket.Name}.");
        }
    }

    /// <summary>Rule M2: a prefix has at most one remote.</summary>
    private static void CheckPlaces(IReadOnlyList<RemoteOptions> remotes, ConfigurationProblems problems)
    {
        var first = new Dictionary<(string Bucket, string Prefix), RemoteOptions>();
        foreach (var remote in remotes)
        {
            foreach (var row in remote.Mapping)
            {
                if (!first.TryAdd((row.Local, row.LocalPrefix), remote))
                {
                    problems.Error(PlacesOf(remote), row.Here,
                        $"is backed by another remote already ({PlacesOf(first[(row.Local, row.LocalPrefix)])}). Keep one.");
                }
            }
        }

        var everything = remotes.Where(remote => remote.Unmapped != UnmappedBuckets.Deny).ToList();
        foreach (var other in everything.Skip(1))
        {
            var way = everything[0].Name.Length == 0
                ? $"by the remote without a name, unless {Settings.Unmapped.Name}=deny"
                : $"by another remote already ({PlacesOf(everything[0])})";
            problems.Error(PlacesOf(other), BackedPlaces.Everything, $"is backed {way}. Keep one.");
        }
    }

    private static string PlacesOf(RemoteOptions remote) => remote.Settings.Places.Name;

    /// <summary>
    /// Compares two endpoints by address, without DNS lookups. All AWS endpoints of a partition are one store, because each finds the
    /// buckets of all regions.
    /// </summary>
    private static bool AreSame(Uri one, Uri other) => AwsHosts.DomainOf(HostOf(one)) is { } domain
        ? AwsHosts.DomainOf(HostOf(other)) == domain
        : one.Port == other.Port && HostOf(one) == HostOf(other);

    /// <summary>The host in one spelling; one name for this machine.</summary>
    private static string HostOf(Uri endpoint)
    {
        var host = endpoint.IdnHost.TrimEnd('.').ToLowerInvariant();
        return endpoint.IsLoopback || host == "localhost" ? "localhost"
            : !IPAddress.TryParse(host, out var address) ? host
            : address.IsIPv4MappedToIPv6 ? HostOf(new UriBuilder(endpoint) { Host = address.MapToIPv4().ToString() }.Uri)
            : address.ToString();
    }
}
