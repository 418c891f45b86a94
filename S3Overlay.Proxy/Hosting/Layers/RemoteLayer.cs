using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Credentials;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Layers;

/// <summary>The lower layer, one remote or several: what is only ever read.</summary>
/// <param name="Others">The remote that has whatever no row of the settings names; null where that is local only.</param>
/// <param name="Buckets">Which keys continue below, and where.</param>
/// <param name="Checks">What there is to check about each remote.</param>
internal sealed record RemoteLayer(IRemote? Others, IRemoteBuckets Buckets, IReadOnlyList<RemoteChecks> Checks)
{
    /// <summary>Opens it; null in local-only mode.</summary>
    public static RemoteLayer? Open(ProxySetup setup)
    {
        if (setup.Options.Remotes.Count == 0)
        {
            return null;
        }

        var rows = new List<(string Bucket, RemoteBucket Place)>();
        var checks = new List<RemoteChecks>();
        IRemote? others = null;
        foreach (var options in setup.Options.Remotes)
        {
            var (remote, check) = Connect(setup, options);
            rows.AddRange(options.Mapping.Select(row => (row.Local, new RemoteBucket(remote, row.Remote, row.Prefix, row.LocalPrefix))));
            others ??= options.Unmapped == UnmappedBuckets.Deny ? null : remote;
            checks.Add(check);
        }

        return new RemoteLayer(others, new RouteTable(rows, others), checks);
    }

    /// <summary>Whether a remote reserves the name of a bucket or object after mapping (rule A1).</summary>
    public async ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        if (Buckets.Find(bucket) is not { } routes)
        {
            return false;
        }

        foreach (var part in routes.Parts)
        {
            if (await part.Remote.KeepsAsync(part.Name, "", cancellationToken))
            {
                return true;
            }
        }

        return (routes.Whole is { } whole && await whole.Remote.KeepsAsync(whole.Name, "", cancellationToken))
            || (key.Length > 0 && routes.Of(key) is { } place && await place.Remote
                .KeepsAsync(place.Name, place.RemoteKey(key), cancellationToken));
    }

    private static (S3Remote Remote, RemoteChecks Checks) Connect(ProxySetup setup, RemoteOptions remote)
    {
        var settings = EndpointOf(remote, setup.InstanceId) with { Meters = setup.Meters.Upstream(remote.Role),
            Connect = setup.Machine.Connect };
        var credentials = RemoteCredentials.SourceOf(remote, setup.Time,
            reason => Log.RemoteCredentialsNotRenewed(setup.LoggerOf<S3Remote>(), remote.Role, reason));
        var client = setup.Opened.Add(new S3WireClient(settings, credentials, setup.Time,
            (bucket, isDown) => LogHealth(setup.LoggerOf<S3Remote>(), settings.Name, bucket, isDown)));
        setup.Meters.WatchOutage(remote.Role, () => client.IsDown);
        var asked = new S3Remote(settings, client, setup.Time);
        return (asked, new RemoteChecks(remote, new EndpointQuestions(settings, client, setup.Time, credentials, asked.Note), credentials));
    }

    private static void LogHealth(ILogger logger, string remote, string bucket, bool isDown)
    {
        if (isDown)
        {
            Log.RemoteIsDown(logger, bucket, remote);
        }
        else
        {
            Log.RemoteIsBack(logger, bucket, remote);
        }
    }

    private static EndpointSettings EndpointOf(RemoteOptions remote, string instance) => new()
    {
        Role = remote.Role,
        Endpoint = remote.Endpoint,
        Region = remote.Region,
        Addressing = remote.Addressing,
        Make = remote.Make,
        RequestPayer = remote.RequestPayer,
        CaFile = remote.CaFile,
        ConnectTimeout = remote.ConnectTimeout,
        FirstByteTimeout = remote.FirstByteTimeout,
        StallTimeout = remote.StallTimeout,
        MinRate = remote.MinRate,
        Budget = remote.Budget,
        InstanceId = instance,
    };
}
