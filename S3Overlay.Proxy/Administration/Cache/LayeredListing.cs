using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Administration.Cache;

/// <summary>What clients see of a bucket, row by row, with the layer that each row is from.</summary>
/// <remarks>
/// The merged listing decides which rows there are. Written rows and cache entries are walked in step with it and say where a row is from,
/// so a listing costs the remote what a client's listing costs: a page for each thousand rows.
/// </remarks>
internal sealed class LayeredListing(LocalLayer local, IRemoteReader? reader, BucketDirectory directory, ILogger logger)
{
    /// <summary>Lists a bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">What keys start with.</param>
    /// <param name="delimiter">Rolls up keys; empty for none.</param>
    /// <param name="withDeleted">True to show deleted keys too.</param>
    /// <param name="after">The row to begin after; empty for the start.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="S3Exception">NoSuchBucket; ServiceUnavailable if a layer cannot be listed.</exception>
    public async IAsyncEnumerable<LayeredRow> ListAsync(string bucket, string prefix, string delimiter, bool withDeleted, string after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = ListingPosition.Behind(after, prefix, delimiter);
        var view = await directory.LookAsync(bucket, cancellationToken);
        if (!view.IsOverlaid)
        {
            view = view with { State = await local.State.ResolveBucketAsync(bucket, cancellationToken) };
        }

        await RequireAsync(view, cancellationToken);
        await using var deleted = Deleted(view, prefix, withDeleted, start);
        await foreach (var row in ShownAsync(view, prefix, delimiter, start, cancellationToken))
        {
            await foreach (var hidden in DeletedBeforeAsync(deleted, prefix, delimiter, row.Name, cancellationToken))
            {
                yield return hidden;
            }

            yield return row;
        }

        await foreach (var hidden in DeletedBeforeAsync(deleted, prefix, delimiter, null, cancellationToken))
        {
            yield return hidden;
        }
    }

    private async Task RequireAsync(BucketView view, CancellationToken cancellationToken)
    {
        try
        {
            await directory.RequireAsync(view, cancellationToken);
        }
        catch (RemoteException failure)
        {
            throw BucketListings.Unlistable(failure);
        }
    }

    /// <summary>The rows that clients see.</summary>
    private async IAsyncEnumerable<LayeredRow> ShownAsync(BucketView view, string prefix, string delimiter, ListingPosition start,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var entries = new KeyCursor<EntryUsage>(
            (after, token) => local.Cache is { } cache && view.IsOverlaid ? cache.ListUsagesAsync(view.Name, prefix, after, token)
                : AsyncEnumerable.Empty<EntryUsage>(),
            static usage => usage.Key, ListingBounds.After(start));
        var position = start;
        for (var isFull = true; isFull;)
        {
            // One row more than is read: the last one only shows that another page follows.
            var query = new ListingQuery(prefix, delimiter, position, ListRequest.MaxPage + 1);
            await using var rows = Open(view, query);
            await using var written = new WrittenNames(local.State.ListWritten(view.Name, query));
            var read = 0;
            for (; read < ListRequest.MaxPage && await NextAsync(rows, cancellationToken) is { } row; read++)
            {
                position = new ListingPosition(row.Name, row.IsPrefix);
                yield return await WithLayerAsync(row, view, written, entries, cancellationToken);
            }

            isFull = read == ListRequest.MaxPage;
        }
    }

    private IListingSource Open(BucketView view, ListingQuery query) => view.Routes is { } routes && reader is not null
        ? new MergedListingSource(local.State, local.Cache, view.Name, routes, query, logger, reader: reader)
        : local.State.ListWritten(view.Name, query);

    private static async ValueTask<ListingRow?> NextAsync(IListingSource rows, CancellationToken cancellationToken)
    {
        try
        {
            return await rows.NextAsync(cancellationToken);
        }
        catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop)
        {
            throw BucketListings.Unlistable(failure);
        }
    }

    private static async ValueTask<LayeredRow> WithLayerAsync(ListingRow row, BucketView view, WrittenNames written,
        KeyCursor<EntryUsage> entries, CancellationToken cancellationToken)
    {
        if (row.Object is not { } shown)
        {
            return new LayeredRow(row.Name, null, null, 0);
        }

        if (!view.IsOverlaid || await written.HasAsync(row.Name, cancellationToken))
        {
            return new LayeredRow(row.Name, shown, RowLayer.Local, 0);
        }

        var entry = await entries.SeekAsync(row.Name, cancellationToken);
        var cached = entry?.Key == row.Name && entry.Size == shown.Size ? entry.Bytes : 0;
        return new LayeredRow(row.Name, shown, cached == shown.Size && entry?.Key == row.Name ? RowLayer.Cache : RowLayer.Remote, cached);
    }

    private KeyCursor<string>? Deleted(BucketView view, string prefix, bool withDeleted, ListingPosition start) =>
        !withDeleted || view.State.IsOpaque ? null : new KeyCursor<string>(
            (after, token) => local.State.ListDeletedAsync(view.Name, prefix, after, token), static key => key, ListingBounds.After(start));

    /// <summary>Deleted keys before a row, or up to the end. A tombstone under a row that is shown is one of that row.</summary>
    private static async IAsyncEnumerable<LayeredRow> DeletedBeforeAsync(KeyCursor<string>? deleted, string prefix, string delimiter,
        string? row, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (deleted is null)
        {
            yield break;
        }

        var query = new ListingQuery(prefix, delimiter, ListingPosition.Start, 1);
        var key = await deleted.SeekAsync("", cancellationToken);
        while (key is not null)
        {
            var rolledUp = query.CommonPrefixOf(key);
            if (row is not null && Utf8Order.Compare(rolledUp ?? key, row) >= 0)
            {
                if (rolledUp == row)
                {
                    await deleted.SkipUnderAsync(row, cancellationToken);
                }
                else if (key == row)
                {
                    // Written again: the tombstone hides nothing.
                    await deleted.NextAsync(cancellationToken);
                }

                yield break;
            }

            yield return new LayeredRow(rolledUp ?? key, null, RowLayer.Deleted, 0);
            if (rolledUp is not null)
            {
                await deleted.SkipUnderAsync(rolledUp, cancellationToken);
                key = await deleted.SeekAsync("", cancellationToken);
            }
            else
            {
                key = await deleted.NextAsync(cancellationToken);
            }
        }
    }

    /// <summary>Names of written rows, asked for in order.</summary>
    private sealed class WrittenNames(IListingSource rows) : IAsyncDisposable
    {
        private ListingRow? _next;
        private bool _hasBegun;

        public async ValueTask<bool> HasAsync(string name, CancellationToken cancellationToken)
        {
            while (!_hasBegun || (_next is not null && Utf8Order.Compare(_next.Name, name) < 0))
            {
                _hasBegun = true;
                _next = await rows.NextAsync(cancellationToken);
            }

            return _next is { IsPrefix: false } && _next.Name == name;
        }

        public ValueTask DisposeAsync() => rows.DisposeAsync();
    }
}

/// <summary>A row of a listing with its layer.</summary>
/// <param name="Name">The key, or the common prefix.</param>
/// <param name="Object">The object; null for a common prefix or a deleted key.</param>
/// <param name="Layer">Where a read of it is answered; null for a common prefix, whose keys may be from several.</param>
/// <param name="CachedBytes">Cached bytes of a remote-owned object; null if the store would have to be asked.</param>
public sealed record LayeredRow(string Name, ListedObject? Object, RowLayer? Layer, long? CachedBytes);

/// <summary>Where a read of a row is answered.</summary>
public enum RowLayer
{
    /// <summary>Written here, or in a bucket without a remote.</summary>
    Local,

    /// <summary>The remote's, and cached whole.</summary>
    Cache,

    /// <summary>The remote's, and not cached or only in part.</summary>
    Remote,

    /// <summary>Deleted here, and not written since.</summary>
    Deleted,
}
