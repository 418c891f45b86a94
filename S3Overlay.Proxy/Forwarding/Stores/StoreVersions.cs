using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Versions of keys at an S3 endpoint.</summary>
internal sealed class StoreVersions(LocalStore store, Tombstones tombstones, StoreMarks marks, ILogger logger, PlacedCopies? placed) : ILocalVersions
{
    /// <summary>How many versions of one key are looked at first.</summary>
    private const int FirstVersions = 100;

    /// <inheritdoc/>
    public IVersionedRows List(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken)
    {
        var rows = new VersionedRows(ListAsync(bucket, query, query.After.IsPrefix ? "" : versionIdMarker, cancellationToken));
        return placed is null ? rows : new WrittenVersions(rows, new WrittenOnly(rows, placed, bucket, query));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<VersionRow> ListOfAsync(string bucket, string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var rows = ListAsync(bucket, new ListingQuery(key, "", ListingPosition.Start, FirstVersions), "", cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await IsThereAsync(rows) && rows.Current.Name == key)
        {
            yield return rows.Current;
        }
    }

    /// <inheritdoc/>
    public ValueTask NameMarkerAsync(string bucket, string key, string marker, CancellationToken cancellationToken) =>
        new(tombstones.PutAsync(bucket, key, marker, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await tombstones.FindNamedAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        await marks.TakeAsync(bucket, tombstone, cancellationToken);

    /// <remarks>
    /// What is gone on after is the last row seen, not what the store says: stores differ in whether they encode that. Rows before the position are dropped and keys rolled
    /// up here as well, as <see cref="RemoteRows"/> does.
    /// </remarks>
    private async IAsyncEnumerable<VersionRow> ListAsync(
        string bucket, ListingQuery query, string versionIdMarker, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Places.IsPast(query))
        {
            yield break;
        }

        var order = new RowOrder("local", logger);
        var (marker, version) = (Places.StartAfter(new RemoteBucket(store.Calls.Reads, bucket, ""), query), versionIdMarker);
        version = marker == query.After.Name ? version : "";
        var (pageSize, shown, last) = (Math.Clamp(query.PageSize, 1, ListRequest.MaxPage), "", "");
        while (true)
        {
            var page = await store.Calls.VersionsAsync(bucket, ListingQueries.Versions(query.Prefix, query.Delimiter, marker, version, pageSize), cancellationToken);
            foreach (var row in page.Rows)
            {
                if (row.Name != last)
                {
                    order.Next(last = row.Name);
                }

                if (Shown(row, query, versionIdMarker) is { } wanted && !(wanted.IsPrefix && wanted.Name == shown))
                {
                    shown = wanted.Name;
                    yield return wanted;
                }
            }

            if (page.NextMarker is not { } next)
            {
                yield break;
            }

            var before = (marker, version);
            (marker, version) = page.Rows is [.., var end] ? (end.IsPrefix ? Places.Beyond(end.Name) : end.Name, end.VersionId ?? "") : (next, "");
            if ((marker, version) == before)
            {
                throw order.Wrong("it gives the same page over and over");
            }

            pageSize = ListRequest.MaxPage;
        }
    }

    /// <summary>Whether there is another row: none where the store does not know the question.</summary>
    private static async ValueTask<bool> IsThereAsync(IAsyncEnumerator<VersionRow> rows)
    {
        try
        {
            return await rows.MoveNextAsync();
        }
        catch (S3Exception unknown) when (unknown.Error.Code == S3Errors.NotImplemented.Code)
        {
            return false;
        }
    }

    /// <summary>The row as it is shown; null where it lies before the position.</summary>
    private static VersionRow? Shown(VersionRow row, ListingQuery query, string versionIdMarker)
    {
        if ((row.IsPrefix ? row.Name : query.CommonPrefixOf(row.Name)) is { } prefix)
        {
            return (row.IsPrefix ? query.After.IsBeforeAnyUnder(prefix) : query.After.IsBefore(row.Name)) ? new VersionRow(prefix, null, null) : null;
        }

        // Older versions of the key that a page ended with: of these the store knows which were shown.
        return query.After.IsBefore(row.Name) || (versionIdMarker.Length > 0 && row.Name == query.After.Name) ? row : null;
    }

    /// <summary>Rows of versions without those of copies among written objects (rule E4).</summary>
    private sealed class WrittenVersions(VersionedRows versions, WrittenOnly written) : IVersionedRows
    {
        public ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken) => written.NextAsync(cancellationToken);

        public VersionRow? NewestOf(ListingRow row) => versions.NewestOf(row);

        public ValueTask<VersionRow?> NextOlderAsync(CancellationToken cancellationToken) => versions.NextOlderAsync(cancellationToken);

        public ValueTask DisposeAsync() => written.DisposeAsync();
    }
}
