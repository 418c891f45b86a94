using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The store's own listing rows. A failed listing is a failure of local and must not pass for one of the remote, which settings may ignore.
/// A refused listing is a 403 for the client.
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
