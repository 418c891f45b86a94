using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Keeps LIST and GET consistent for remote-owned keys (rule T2). If the remote's row differs from the cache entry, the entry is old and is
/// evicted before the page is sent. Frozen entries stay, and the page shows them instead of the remote's rows (<see cref="FrozenRows"/>
/// adds those without a remote row).
/// </summary>
/// <param name="cache">The cache.</param>
/// <param name="reader">Reads the remote's keys and knows if entries are frozen; null if they are not.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="routes">Where it continues below.</param>
/// <param name="query">The listing's query.</param>
public sealed class CacheDrift(ICacheStore cache, IRemoteReader? reader, string bucket, BucketRoutes routes, ListingQuery query)
    : IAsyncDisposable
{
    private readonly KeyCursor<CacheRow> _entries = new(
        (from, token) => cache.ListAsync(bucket, query.Prefix, from, token), row => row.Key, ListingBounds.After(query.After));

    /// <summary>Starts the search for entries before the first row needs it.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the cache cannot be read.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _entries.StartAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw Unknown(failure);
        }
    }

    /// <summary>Compares a row that will be shown with the cache entry.</summary>
    /// <returns>The row to show.</returns>
    /// <exception cref="S3Exception">ServiceUnavailable if that fails, or an old entry cannot be evicted: the page would contradict a
    /// GET.</exception>
    public async ValueTask<ListingRow> AsReadAsync(ListingRow row, CancellationToken cancellationToken)
    {
        try
        {
            if (row.Object is not { } shown)
            {
                await _entries.SkipUnderAsync(row.Name, cancellationToken);
                return row;
            }

            return await DiffersAsync(row.Name, shown, cancellationToken)
                ? row with { Object = await OfEntryAsync(row.Name, shown, cancellationToken) } : row;
        }
        catch (IOException failure)
        {
            throw Unknown(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _entries.DisposeAsync();

    /// <summary>A store with several writers may briefly, or after a crash, have rows of two versions of a key.</summary>
    /// <returns>True if an entry that differs is kept.</returns>
    private async ValueTask<bool> DiffersAsync(string key, ListedObject shown, CancellationToken cancellationToken)
    {
        var isFrozen = reader is { IsFrozen: true };
        var isKept = false;
        for (var entry = await _entries.SeekAsync(key, cancellationToken); entry?.Key == key; entry = await _entries
            .NextAsync(cancellationToken))
        {
            if (!Differs(entry, shown))
            {
                continue;
            }

            isKept |= isFrozen;
            if (!isFrozen)
            {
                await cache.EvictAsync(bucket, key, entry.ETag, cancellationToken);
            }
        }

        return isKept;
    }

    /// <summary>The frozen entry as the page shows it. If only its row is left, reads return the remote's object.</summary>
    private async ValueTask<ListedObject> OfEntryAsync(string key, ListedObject shown, CancellationToken cancellationToken)
    {
        await using var entry = await FindAsync(cache, bucket, key, cancellationToken);

        // Reads do not use an entry of another remote or with another chunk size.
        if (entry?.Info is not { } info || routes.Of(key) is not { } remote || !reader!.CanUse(entry, key, remote)
            || !Differs(new CacheRow(key, info.Size, info.ETag, info.LastModified), shown))
        {
            return shown;
        }

        reader.NoteDrift(bucket);
        return ListedObject.Of(info) with { StorageClass = shown.StorageClass };
    }

    /// <summary>A key's entry, for its metadata only; null if nothing is cached.</summary>
    internal static async ValueTask<ICacheEntry?> FindAsync(ICacheStore cache, string bucket, string key,
        CancellationToken cancellationToken)
    {
        try
        {
            return await cache.FindAsync(bucket, key, LookupHint.Info, cancellationToken);
        }
        catch (InvalidDataException)
        {
            // Damaged, so not cached.
            return null;
        }
    }

    /// <summary>The error if the cache cannot be read.</summary>
    internal static S3Exception Unknown(IOException failure) =>
        new(S3Errors.ServiceUnavailable, "The cache cannot be checked for entries of old versions.", failure);

    private static bool Differs(CacheRow entry, ListedObject shown) =>
        entry.Size != shown.Size
        || !ETags.Same(entry.ETag, shown.ETag)
        || HttpDates.WholeSeconds(entry.LastModified) != HttpDates.WholeSeconds(shown.LastModified);
}
