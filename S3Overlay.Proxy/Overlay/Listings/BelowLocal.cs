using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Opens rows of what is below local: the remotes' own, and where copies are frozen those of copies whose objects the remotes have no more
/// (rules S1, T2).
/// </summary>
/// <param name="bucket">The bucket.</param>
/// <param name="routes">Where it continues below.</param>
/// <param name="held">Where copies are; null while nothing is held.</param>
/// <param name="reader">Reads the remotes' keys, and knows whether copies are frozen; null where it does not matter what reads say.</param>
/// <param name="logger">Where failures are told.</param>
public sealed class BelowLocal(string bucket, BucketRoutes routes, ICacheStore? held, IRemoteReader? reader, ILogger logger)
{
    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The rows that a query wants.</summary>
    public IRowsBelow Open(ListingQuery query)
    {
        var remote = new RoutedRows(routes, query, logger);
        return held is not null && reader is { IsFrozen: true } ? new FrozenRows(remote, held, reader, bucket, routes, query) : remote;
    }

    /// <summary>Whether several remotes have keys under a prefix, so that only a look at these tells whether there are any.</summary>
    public bool BeginUnder(string prefix) => routes.BeginUnder(prefix);
}
