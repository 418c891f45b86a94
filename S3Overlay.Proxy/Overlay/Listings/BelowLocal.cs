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
/// <param name="cache">The cache; null while caching is off.</param>
/// <param name="reader">Reads the remotes' keys and knows if entries are frozen; null if rows need not agree with reads.</param>
/// <param name="logger">Gets failures.</param>
public sealed class BelowLocal(string bucket, BucketRoutes routes, ICacheStore? cache, IRemoteReader? reader, ILogger logger)
{
    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The rows for a query.</summary>
    public IRowsBelow Open(ListingQuery query)
    {
        var remote = new RoutedRows(routes, query, logger);
        return cache is not null && reader is { IsFrozen: true } ? new FrozenRows(remote, cache, reader, bucket, routes, query) : remote;
    }

    /// <summary>True if several remotes have keys under a prefix, so only reading them shows if there are any.</summary>
    public bool BeginUnder(string prefix) => routes.BeginUnder(prefix);
}

/// <summary>Rows below the local layer, some of them buffered.</summary>
public interface IRowsBelow : IListingSource
{
    /// <summary>True if a row is buffered.</summary>
    bool HasRowAtHand { get; }

    /// <summary>True if a remote says that more rows follow the buffered ones, and none of those can be hidden.</summary>
    bool PromisesMore { get; }

    /// <summary>True if no row follows those taken. False while only a call would show that.</summary>
    bool IsDone { get; }

    /// <summary>The name of the last row taken from a remote, or the empty string.</summary>
    string LastName { get; }

    /// <summary>The remotes' buffered rows after the one taken last.</summary>
    IEnumerable<ListingRow> AtHand { get; }

    /// <summary>Notes that the row taken last is shown.</summary>
    void NoteShown();
}
