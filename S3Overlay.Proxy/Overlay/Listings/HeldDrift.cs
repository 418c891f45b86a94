using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Keeps LIST and GET agreed about remote-owned keys (rule T2): where the remote's row differs from the copy held here, the copy is of an old
/// version, and is dropped before the page is sent.
/// </summary>
public sealed class HeldDrift(IHeldStore held, string bucket, ListingQuery query) : IAsyncDisposable
{
    private readonly KeyCursor<HeldRow> _copies = new(
        (from, token) => held.ListAsync(bucket, query.Prefix, from, token), row => row.Key, Places.After(query.After));

    /// <summary>Begins to look for copies, before the first row to compare is there.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where they cannot be known.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _copies.StartAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw Unknown(failure);
        }
    }

    /// <summary>Compares a row that will be shown with the copy held of it.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where that cannot be told, or an old copy not be dropped: the page would say what a GET does not.</exception>
    public async ValueTask CheckAsync(ListingRow row, CancellationToken cancellationToken)
    {
        try
        {
            await (row.Object is { } shown ? CompareAsync(row.Name, shown, cancellationToken) : _copies.SkipUnderAsync(row.Name, cancellationToken));
        }
        catch (IOException failure)
        {
            throw Unknown(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _copies.DisposeAsync();

    /// <summary>A store that several processes write to may have rows of two versions of one key for a moment, or after a crash.</summary>
    private async ValueTask CompareAsync(string key, ListedObject shown, CancellationToken cancellationToken)
    {
        for (var copy = await _copies.SeekAsync(key, cancellationToken); copy?.Key == key; copy = await _copies.NextAsync(cancellationToken))
        {
            if (Differs(copy, shown))
            {
                await held.DropAsync(bucket, key, copy.ETag, cancellationToken);
            }
        }
    }

    private static S3Exception Unknown(IOException failure) =>
        new(S3Errors.ServiceUnavailable, "The cache cannot be asked for copies of old versions.", failure);

    private static bool Differs(HeldRow copy, ListedObject shown) =>
        copy.Size != shown.Size
        || !ETags.Same(copy.ETag, shown.ETag)
        || HttpDates.WholeSeconds(copy.LastModified) != HttpDates.WholeSeconds(shown.LastModified);
}
