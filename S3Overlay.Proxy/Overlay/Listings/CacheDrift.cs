using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Keeps LIST and GET agreed about remote-owned keys (rule T2): where the remote's row differs from the copy held here, the copy is of an
/// old version, and is dropped before the page is sent. Frozen copies are kept, and the page shows them in place of the remote's rows
/// (<see cref="FrozenRows"/> shows those of which the remote has no row).
/// </summary>
/// <param name="held">Where copies are.</param>
/// <param name="reader">Reads the remote's keys, and knows whether copies are frozen; null where they are not.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="routes">Where it continues below.</param>
/// <param name="query">What is listed of it.</param>
public sealed class CacheDrift(ICacheStore held, IRemoteReader? reader, string bucket, BucketRoutes routes, ListingQuery query)
    : IAsyncDisposable
{
    private readonly KeyCursor<CacheRow> _copies = new(
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
    /// <returns>The row to show.</returns>
    /// <exception cref="S3Exception">ServiceUnavailable where that cannot be told, or an old copy not be dropped: the page would say what a
    /// GET does not.</exception>
    public async ValueTask<ListingRow> AsReadAsync(ListingRow row, CancellationToken cancellationToken)
    {
        try
        {
            if (row.Object is not { } shown)
            {
                await _copies.SkipUnderAsync(row.Name, cancellationToken);
                return row;
            }

            return await DiffersAsync(row.Name, shown, cancellationToken)
                ? row with { Object = await OfCopyAsync(row.Name, shown, cancellationToken) } : row;
        }
        catch (IOException failure)
        {
            throw Unknown(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _copies.DisposeAsync();

    /// <summary>A store that several processes write to may have rows of two versions of one key for a moment, or after a crash.</summary>
    /// <returns>Whether a copy differs that is kept all the same.</returns>
    private async ValueTask<bool> DiffersAsync(string key, ListedObject shown, CancellationToken cancellationToken)
    {
        var isFrozen = reader is { IsFrozen: true };
        var isKept = false;
        for (var copy = await _copies.SeekAsync(key, cancellationToken); copy?.Key == key; copy = await _copies
            .NextAsync(cancellationToken))
        {
            if (!Differs(copy, shown))
            {
                continue;
            }

            isKept |= isFrozen;
            if (!isFrozen)
            {
                await held.DropAsync(bucket, key, copy.ETag, cancellationToken);
            }
        }

        return isKept;
    }

    /// <summary>
    /// A frozen copy as the page shows it. A row may be all that is left of one: then it is the remote's object that is read.
    /// </summary>
    private async ValueTask<ListedObject> OfCopyAsync(string key, ListedObject shown, CancellationToken cancellationToken)
    {
        await using var copy = await FindAsync(held, bucket, key, cancellationToken);

        // One of another remote, or cut otherwise than today, is not what a read shows.
        if (copy?.Info is not { } info || routes.Of(key) is not { } remote || !reader!.CanUse(copy, bucket, key, remote)
            || !Differs(new CacheRow(key, info.Size, info.ETag, info.LastModified), shown))
        {
            return shown;
        }

        reader.NoteDrift(bucket);
        return ListedObject.Of(info) with { StorageClass = shown.StorageClass };
    }

    /// <summary>What is held of a key, for what is known of it; null where that is nothing.</summary>
    internal static async ValueTask<ICacheEntry?> FindAsync(ICacheStore held, string bucket, string key,
        CancellationToken cancellationToken)
    {
        try
        {
            return await held.FindAsync(bucket, key, LookupHint.Info, cancellationToken);
        }
        catch (InvalidDataException)
        {
            // Damaged: it is not held.
            return null;
        }
    }

    /// <summary>What a client is told where copies cannot be known.</summary>
    internal static S3Exception Unknown(IOException failure) =>
        new(S3Errors.ServiceUnavailable, "The cache cannot be asked for copies of old versions.", failure);

    private static bool Differs(CacheRow copy, ListedObject shown) =>
        copy.Size != shown.Size
        || !ETags.Same(copy.ETag, shown.ETag)
        || HttpDates.WholeSeconds(copy.LastModified) != HttpDates.WholeSeconds(shown.LastModified);
}
