using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Copies;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Wires the overlay for <see cref="Composition"/>.</summary>
internal static class OverlayParts
{
    /// <summary>Reads what the remote owns. Without a <paramref name="store"/>, nothing is cached.</summary>
    public static RemoteReader Reader(
        ReadSettings settings, ICacheStore? store, TimeProvider time, ILogger logger, ProxyMeters? meters = null)
    {
        var absent = new NegativeCache(settings.NegativeLife, time);
        if (!settings.CacheEnabled || store is null)
        {
            return new RemoteReader(settings, absent, new SubResourceReads(null, null, null), null, null, null, null, null, time, logger);
        }

        var entries = new CacheEntries(settings, store, logger);
        var fills = new Fills(settings, entries, absent, time, logger, meters);
        var budget = new RevalidationBudget(settings, time, logger);
        var revalidations = new Revalidations(settings, fills, budget, absent, time, meters);
        var freshness = new EntryFreshness(settings, revalidations, fills, budget, time);
        var checksums = new MissingChecksums(fills, budget, time);
        var cached = new CachedReads(fills, entries, new FillReader(settings, time), freshness, absent, checksums);
        return new RemoteReader(
            settings, absent, new SubResourceReads(fills, entries, freshness), cached, entries, fills, freshness, checksums, time, logger);
    }

    /// <summary>The overlay around a local layer.</summary>
    /// <param name="local">The local layer.</param>
    /// <param name="reader">Reads what the remote owns.</param>
    /// <param name="remotes">Which buckets have a remote.</param>
    /// <param name="shown">The remote whose buckets are listed if the settings say so; null for none.</param>
    /// <param name="settings">How the layers are shown.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets failures.</param>
    /// <param name="failover">Reads from the remote alone while the local layer is down; null if such reads fail.</param>
    /// <param name="meters">Counts tombstones; null to count nothing.</param>
    public static OverlayService Service(
        LocalLayer local, IRemoteReader reader, IRemoteBuckets remotes, IRemote? shown, OverlaySettings settings, TimeProvider time,
        ILogger logger, LocalFailover? failover = null, ProxyMeters? meters = null)
    {
        var (service, layer) = (local.Service, local.State);
        var locks = new OverlayLocks(time);
        var directory = new BucketDirectory(layer, remotes, settings, time);
        var listings = new BucketListings(layer, local.Versions, local.Cache, reader, settings, logger);
        var slow = new KeepAliveResponses(time, LateError);
        var objects = new LocalObjects(service, new EncryptedObjects(layer, local.Versions));
        var bases = new ChangeBases(reader.Shown ?? new ShownObjects(), layer, local.Cache, time);
        var conditional = new ConditionalWrites(service, objects, layer, reader, locks, local.Conditions, bases);
        var writes = new ObjectWrites(service, directory, conditional, bases, reader, slow, logger);
        var markers = new DeleteMarkers(objects, local.Versions, reader, locks);
        var deletes = new ObjectDeletes(
            objects, directory, layer, local.Marks, reader, locks, writes, settings, local.Conditions, markers, bases, meters);
        var copy = new StreamedCopy(service, objects, conditional, time, logger);
        return new OverlayService(
            service,
            directory,
            locks,
            new BucketList(layer, local.Identities, remotes, shown, directory, settings, time, logger),
            new BucketRequests(service, directory, listings.IsEmptyAsync, settings),
            listings,
            new ReadRouter(service, local.Reads, directory, reader, settings.Budget, time, failover),
            writes,
            deletes,
            new ManyDeletes(deletes, directory, logger),
            new CopyRequests(service, objects, directory, layer, reader, local.Marks, conditional, copy, writes, slow, local.Identities),
            new SubResourceWrites(local, objects, directory, reader, conditional, writes, settings),
            failover,
            settings.Budget,
            time);

        S3Exception LateError(S3Request request, Exception failure)
        {
            var error = ClientErrors.Of(failure);
            Log.SlowResponseFailed(logger, request.RequestId, error.Error.Code, failure);
            return error;
        }
    }
}
