using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The store's own rows of a bucket. A store that cannot be listed is a failure of local: it must not be taken for one of the remote, which
/// settings may allow to be left out of a listing. One that does not let the bucket be listed is what it is to a client without the proxy:
/// 403.
/// </summary>
internal sealed class StoreRows(RemoteRows rows) : IListingSource
{
    /// <inheritdoc/>
    public int Readings => rows.Readings;

    /// <inheritdoc/>
    public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await rows.NextAsync(cancellationToken);
        }
        catch (RemoteException failure)
        {
            throw StoreCalls.Unlisted(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => rows.DisposeAsync();
}
