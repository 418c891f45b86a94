using System.Security.Cryptography;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Forwarding;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Layers;

/// <summary>The lower layer: what is only ever read.</summary>
/// <param name="Origin">The remote.</param>
/// <param name="Buckets">Which buckets continue below, and where.</param>
/// <param name="Check">Throws where it cannot be asked: it does not answer, or does not accept the overlay's credentials.</param>
internal sealed record RemoteLayer(IRemote Origin, IRemoteBuckets Buckets, Func<CancellationToken, Task> Check)
{
    /// <summary>Opens it; null in local-only mode.</summary>
    /// <exception cref="StartupException">The authorities that may vouch for it cannot be read.</exception>
    public static RemoteLayer? Open(ProxySetup setup)
    {
        if (setup.Options.Remote is not { } remote)
        {
            return null;
        }

        var origin = Connect(setup, remote);
        var buckets = new RouteTable(
            remote.Mapping.Select(row => (row.Local, new RemoteBucket(origin, row.Remote, row.Prefix))),
            remote.Unmapped == UnmappedBuckets.Deny ? null : origin);
        return new RemoteLayer(origin, buckets, origin.PingAsync);
    }

    private static S3Remote Connect(ProxySetup setup, RemoteOptions remote)
    {
        var settings = EndpointOf(remote, setup.InstanceId) with { Meters = setup.Meters.Upstream("remote") };
        try
        {
            var client = setup.Opened.Add(new S3WireClient(settings, CredentialsOf(remote), setup.Time, isDown => Tell(setup.LoggerOf<S3Remote>(), settings.Name, isDown)));
            setup.Meters.WatchOutage("remote", () => client.IsDown);
            return new S3Remote(settings, client, setup.Time);
        }
        catch (Exception failure) when (remote.CaFile is not null && (failure is IOException or UnauthorizedAccessException or CryptographicException))
        {
            throw StartupException.FromAuthorities(failure, remote.CaFile);
        }
    }

    private static void Tell(ILogger logger, string remote, bool isDown)
    {
        if (isDown)
        {
            Log.RemoteIsDown(logger, remote);
        }
        else
        {
            Log.RemoteIsBack(logger, remote);
        }
    }

    private static EndpointSettings EndpointOf(RemoteOptions remote, string instance) => new()
    {
        Endpoint = remote.Endpoint,
        Region = remote.Region,
        Addressing = remote.Addressing,
        RequestPayer = remote.RequestPayer,
        CaFile = remote.CaFile,
        ConnectTimeout = remote.ConnectTimeout,
        FirstByteTimeout = remote.FirstByteTimeout,
        StallTimeout = remote.StallTimeout,
        Budget = remote.Budget,
        InstanceId = instance,
    };

    private static ICredentialSource CredentialsOf(RemoteOptions remote) => remote switch
    {
        { IsAnonymous: true } => new FixedCredentials(null),
        { AccessKeyId: { } key, SecretAccessKey: { } secret } => new FixedCredentials(new SigningCredentials(key, secret, remote.SessionToken)),
        _ => new AwsCredentialChain(remote.Profile),
    };
}
