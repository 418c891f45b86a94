using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Opens the rows below the local layer: the remotes' own, and with frozen caching also entries whose objects the remotes no longer have
/// (rules S1, T2).
/// </summary>
/// <param name="bucket">The bucket.</param>
/// <param name="routes">Where it continues below.</param>
/// <param name="held">The cache; null while caching is off.</param>
/// <param name="reader">Reads the remotes' keys and knows if entries are frozen; null if rows need not agree with reads.</param>
/// <param name="logger">Gets failures.</param>
public sealed class BelowLocal(string bucket, BucketRoutes routes, ICacheStore? held, IRemoteReader? reader, ILogger logger)
{
    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The rows for a query.</summary>
    public IRowsBelow Open(ListingQuery query)
    {
        var remote = new RoutedRows(routes, query, logger);
        return held is not null && reader is { IsFrozen: true } ? new FrozenRows(remote, held, reader, bucket, routes, query) : remote;
    }

    /// <summary>True if several remotes have keys under a prefix, so only reading them shows if there are any.</summary>
    public bool BeginUnder(string prefix) => routes.BeginUnder(prefix);
}
