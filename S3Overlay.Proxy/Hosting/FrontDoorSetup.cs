using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting.Layers;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Telemetry.AccessLogs;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Builds the front door.</summary>
internal static class FrontDoorSetup
{
    /// <summary>The door before a service, and before the administration.</summary>
    /// <param name="setup">What it is put together from.</param>
    /// <param name="service">The service.</param>
    /// <param name="administration">The administration.</param>
    /// <param name="remote">The remote; null in local-only mode.</param>
    /// <param name="local">The writable layer.</param>
    public static S3FrontDoor Make(ProxySetup setup, IS3Service service, IS3Service administration, RemoteLayer? remote, LocalLayer local)
    {
        var clients = setup.Options.Clients;
        var isOff = clients.Authentication == AuthenticationMode.None;
        var isPlainProxy = setup.Options.Local.Endpoint is not null && remote is null;
        var keys = new ClientKeyRing(clients.Keys);
        return new S3FrontDoor(
            service,
            new AdministrationDoor(
                administration,
                new RequestAuthenticator(keys,
                    new AuthenticationSettings { Region = clients.Region, AllowsVersion2 = false, AllowsPresigned = false }, setup.Time)),
            new RequestAuthenticator(
                keys,
                new AuthenticationSettings { Region = clients.Region, IsOff = isOff, AllowsVersion2 = clients.AllowsVersion2,
                    LeavesLifetimes = isPlainProxy },
                setup.Time),
            new AccessRights(clients.Keys, isOff, clients.ReadableByAll),
            new FrontDoorSettings
            {
                Domain = clients.Domain,
                AllowsCrossOrigin = clients.AllowsCrossOrigin,
                Guard = GuardOf(clients),
                InstanceId = setup.InstanceId,
                Time = setup.Time,
                Owners = setup.Options.Local.Endpoint is null || clients.AccountId is not null ? new ExpectedOwners(clients.AccountId)
                    : null,
                Stores = new StoreFacts
                {
                    IsForwarded = ForwardedOf(setup.Options, remote),
                    Kind = local.Make,
                    KeepsAsync = async (bucket, key, cancellationToken) =>
                        await local.KeepsAsync(bucket, key, cancellationToken)
                            || (remote is not null && await remote.KeepsAsync(bucket, key, cancellationToken)),
                    KnowsTenants = isPlainProxy,
                    ChecksChecksums = local.ChecksChecksums,
                    Knows = caller => local.Identities?.Of(caller) is not null,
                },
            },
            setup.Meters,
            setup.LoggerOf<S3FrontDoor>(),
            OpenAccessLog(setup));
    }

    private static AccessLog? OpenAccessLog(ProxySetup setup)
    {
        if (setup.Options.AccessLog is not { } options)
        {
            return null;
        }

        try
        {
            return setup.Opened.Add(AccessLog.Open(options, setup.Meters, setup.LoggerOf<AccessLog>()));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"cannot write the access log {options.File}: {failure.Message} Set {Configuration.Settings.AccessLog.Name} to a file "
                + $"that can, to {AccessLogOptions.Console}, or to {AccessLogOptions.Off}.", failure);
        }
    }

    /// <summary>The hosts that requests may name; null where any may be.</summary>
    public static KnownHosts? GuardOf(ClientOptions clients) => clients.IsOpenToAll ? new KnownHosts(clients.Domain, clients.Hosts) : null;

    /// <summary>
    /// Whether a bucket is only the S3 endpoint's. With a remote, the list of buckets and the overlay's own bucket are not.
    /// </summary>
    private static Func<string, bool> ForwardedOf(ProxyOptions options, RemoteLayer? remote)
    {
        if (options.Local.Endpoint is null)
        {
            return static _ => false;
        }

        return remote is null
            ? static _ => true
            : bucket => bucket.Length > 0
                && !bucket.Equals(options.Cache.Bucket, StringComparison.OrdinalIgnoreCase)
                && remote.Buckets.Find(bucket) is null;
    }
}
