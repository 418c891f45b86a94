using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Listings;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Versions of keys at an S3 endpoint.</summary>
/// <param name="marks">Removes tombstones.</param>
/// <param name="written">Lists a bucket's written objects, for a store that does not list versions.</param>
internal sealed class StoreVersions(LocalStore store, Tombstones tombstones, StoreMarks marks, ILogger logger,
    Func<string, ListingQuery, IListingSource> written) : ILocalVersions
{
    /// <summary>The first page when listing one key's versions.</summary>
    private const int FirstVersions = 100;

    /// <summary>The id of objects written without versioning, and of the remote's objects.</summary>
    private const string NullVersion = "null";

    private static readonly SearchValues<char> UlidCharacters = SearchValues.Create("0123456789ABCDEFGHJKMNPQRSTVWXYZ");

    /// <summary>
    /// How long a bucket counts as one whose versions cannot be listed. Not long, since a gateway's refusal looks the same.
    /// </summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    /// <summary>Beyond this many buckets, everything is forgotten.</summary>
    private const int MostBuckets = 1000;

    /// <summary>When the store refused to list versions, by bucket.</summary>
    private readonly ConcurrentDictionary<string, long> _unlisted = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    /// <remarks>
    /// A store that does not list versions has none for clients: each written object is its <c>null</c> version (rule V3).
    /// </remarks>
    public IVersionedRows List(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken) =>
        new UnlessUnknown(
        IsUnlisted(bucket) ? null : ListVersions(bucket, query, versionIdMarker, cancellationToken), () => written(bucket, query),
        () => Unlist(bucket));

    private bool IsUnlisted(string bucket) => _unlisted.TryGetValue(bucket, out var found) && store.Time.GetElapsedTime(found) < Memory;

    private void Unlist(string bucket)
    {
        if (_unlisted.Count >= MostBuckets)
        {
            _unlisted.Clear();
        }

        _unlisted[bucket] = store.Time.GetTimestamp();
    }

    private IVersionedRows ListVersions(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken)
    {
        var pages = new StrongBox<int>();
        return new VersionedRows(ListAsync(bucket, query, query.After.IsPrefix ? "" : versionIdMarker, pages, cancellationToken),
            () => pages.Value);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<VersionRow> ListOfAsync(string bucket, string key,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var rows = ListAsync(bucket, new ListingQuery(key, "", ListingPosition.Start, FirstVersions), "", new(),
            cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await IsThereAsync(rows) && rows.Current.Name == key)
        {
            yield return rows.Current;
        }
    }

    /// <inheritdoc/>
    public ValueTask NameMarkerAsync(string bucket, string key, string marker, RemoteBase? known, CancellationToken cancellationToken) =>
        new(tombstones.PutAsync(Mark.Tombstone(bucket, key, known) with { Marker = marker }, cancellationToken));

    /// <inheritdoc/>
    public ValueTask MarkOverAsync(string bucket, string key, string version, RemoteBase? known, CancellationToken cancellationToken) =>
        new(tombstones.PutAsync(Mark.Tombstone(bucket, key, known) with { Over = version }, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await tombstones.FindNamedAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        await marks.TakeAsync(bucket, tombstone, cancellationToken);

    /// <remarks>
    /// Pages continue after the last row seen and not with the store's marker: stores differ in whether they encode it. Rows before the
    /// position are skipped and keys rolled up here as well, as in <see cref="RemoteRows"/>. The store is never asked to continue after a
    /// version <c>null</c>, but a little before it, and rows already shown are skipped: the <c>null</c> may be the remote's (rule V3),
    /// MinIO then skips the next key's, and Versity returns only other <c>null</c> versions after that of a key with newer ones. Versity
    /// also repeats a <c>null</c> after older versions: one per key is shown.
    /// </remarks>
    private async IAsyncEnumerable<VersionRow> ListAsync(string bucket, ListingQuery query, string versionIdMarker, StrongBox<int> pages,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (ListingBounds.IsPast(query))
        {
            yield break;
        }

        var order = new RowOrder("local", logger);
        var (marker, version) = (ListingBounds.StartAfter(new RemoteBucket(store.Calls.Reads, bucket, ""), query), versionIdMarker);
        version = marker == query.After.Name ? version : "";
        string? behindNullOf = null;
        if (version == NullVersion)
        {
            // Rolled-up keys have no version rows.
            (marker, version, behindNullOf) = query.CommonPrefixOf(marker) is null ? (ListingBounds.Before(marker), "", marker)
                : (marker, "", null);
        }

        var (pageSize, shown, last, nullOf) = (Math.Clamp(query.PageSize, 1, ListRequest.MaxPage), "", "", "");
        while (true)
        {
            pages.Value++;
            var page = await store.Calls.VersionsAsync(new VersionListing(bucket, query.Prefix, query.Delimiter, marker, version,
                pageSize) { WithRestoreStatus = query.WithRestoreStatus }, cancellationToken);
            var skipped = behindNullOf is null ? ShownBefore(page, marker, version) : ShownBefore(page, ref behindNullOf);
            if (pages.Value == 1 && MayGiveNullAgain(page, marker, version))
            {
                nullOf = await IsNullBeforeAsync(new VersionListing(bucket, query.Prefix, query.Delimiter, ListingBounds.Before(marker), "",
                    ListRequest.MaxPage), marker, version, pages, cancellationToken) ? marker : "";
            }

            foreach (var (i, row) in page.Rows.Index())
            {
                var isAgain = row.VersionId == NullVersion && row.Name == nullOf;
                nullOf = row.VersionId == NullVersion ? row.Name : nullOf;
                if (i < skipped || isAgain)
                {
                    continue;
                }

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
            if (page.Rows is not [.., var end])
            {
                (marker, version) = (next, "");
            }
            else if (end.VersionId != NullVersion || (page.Rows.Count == 1 && pageSize == ListRequest.MaxPage))
            {
                (marker, version) = (end.IsPrefix ? ListingBounds.Beyond(end.Name) : end.Name, end.VersionId ?? "");
            }
            else
            {
                behindNullOf = end.Name;
                if (page.Rows is [.., var previous, _])
                {
                    (marker, version) = (previous.IsPrefix ? ListingBounds.Beyond(previous.Name) : previous.Name, previous.Name == end.Name
                        ? previous.VersionId ?? "" : "");
                }
            }

            if ((marker, version) == before && pageSize == ListRequest.MaxPage)
            {
                throw order.Wrong("it gives the same page over and over");
            }

            pageSize = ListRequest.MaxPage;
        }
    }

    /// <summary>How many rows of a page repeat rows up to the marker. Only Versity repeats a key's newest version.</summary>
    private static int ShownBefore(VersionPage page, string marker, string version)
    {
        for (var i = 0; version.Length > 0 && i < page.Rows.Count && Utf8Order.Compare(page.Rows[i].Name, marker) <= 0; i++)
        {
            if (page.Rows[i].Name == marker && page.Rows[i].VersionId == version)
            {
                return i + 1;
            }
        }

        return 0;
    }

    /// <summary>
    /// How many rows of a page go up to the version <c>null</c> of a key, or up to the key's last row if it is not on the page. The key
    /// becomes null once found.
    /// </summary>
    private static int ShownBefore(VersionPage page, ref string? nullOf)
    {
        var count = 0;
        while (nullOf is not null && count < page.Rows.Count && Utf8Order.Compare(page.Rows[count].Name, nullOf) <= 0)
        {
            if (page.Rows[count].Name == nullOf && page.Rows[count].VersionId == NullVersion)
            {
                nullOf = null;
            }

            count++;
        }

        return count;
    }

    /// <summary>
    /// True if the <c>null</c> on a page after a version may belong before it, as Versity returns it. Not if the page also has the version
    /// itself, which shows the order. Versity's ids are ULIDs; other known stores have none, so they are not asked.
    /// </summary>
    private static bool MayGiveNullAgain(VersionPage page, string marker, string version) =>
        IsUlid(version) && page.Rows.Any(row => row.Name == marker && row.VersionId == NullVersion)
            && !page.Rows.Any(row => row.Name == marker && row.VersionId == version);

    /// <remarks>https://github.com/ulid/spec</remarks>
    private static bool IsUlid(string version) => version.Length == 26 && !version.AsSpan().ContainsAnyExcept(UlidCharacters);

    /// <summary>
    /// True if a listing has the <c>null</c> of a key before a version. False if the version is gone: a repeated <c>null</c> was seen
    /// earlier.
    /// </summary>
    private async ValueTask<bool> IsNullBeforeAsync(VersionListing fromBefore, string key, string version, StrongBox<int> pages,
        CancellationToken cancellationToken)
    {
        for (var listing = fromBefore; ; )
        {
            pages.Value++;
            var page = await store.Calls.VersionsAsync(listing, cancellationToken);
            var first = page.Rows.FirstOrDefault(row => row.Name == key && (row.VersionId == NullVersion || row.VersionId == version));
            var last = page.NextMarker is null || page.Rows is not [.., var end] || Utf8Order.Compare(end.Name, key) > 0 ? null : end;
            if (first is not null || last is null)
            {
                return first?.VersionId == NullVersion
                    && (last is not null || page.Rows.Any(row => row.Name == key && row.VersionId == version));
            }

            var next = listing with
            {
                KeyMarker = last.IsPrefix ? ListingBounds.Beyond(last.Name) : last.Name,
                VersionIdMarker = last.VersionId ?? "",
            };
            if (next == listing)
            {
                return false;
            }

            listing = next;
        }
    }

    /// <summary>Advances. False at the end, or if the store does not list versions.</summary>
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
        catch (S3Exception forbidden) when (forbidden.Error == S3Errors.AccessDenied)
        {
            throw S3Exception.OfOverlaysOwn(forbidden);
        }
    }

    /// <summary>The row to show; null if it is before the position.</summary>
    private static VersionRow? Shown(VersionRow row, ListingQuery query, string versionIdMarker)
    {
        if ((row.IsPrefix ? row.Name : query.CommonPrefixOf(row.Name)) is { } prefix)
        {
            return (row.IsPrefix ? query.After.IsBeforeAnyUnder(prefix) : query.After.IsBefore(row.Name))
                ? new VersionRow(prefix, null, null) : null;
        }

        // Older versions of the key that the last page ended with: the store knows which were shown.
        return query.After.IsBefore(row.Name) || (versionIdMarker.Length > 0 && row.Name == query.After.Name) ? row : null;
    }

    /// <summary>Version rows, or object rows if the store turns out not to list versions.</summary>
    private sealed class UnlessUnknown(IVersionedRows? versions, Func<IListingSource> objects, Action unknown) : IVersionedRows
    {
        private IListingSource? _objects;
        private bool _hasBegun;

        /// <remarks>The sum of both: after a switch, no row may look older than before.</remarks>
        public int Readings => (versions?.Readings ?? 0) + (_objects?.Readings ?? 0);

        public async ValueTask<ListingRow?> NextAsync(CancellationToken cancellationToken)
        {
            if (versions is not null && _objects is null)
            {
                try
                {
                    var row = await versions.NextAsync(cancellationToken);
                    _hasBegun = true;
                    return row;
                }
                catch (S3Exception failure) when (!_hasBegun && failure.Error == S3Errors.NotImplemented)
                {
                    unknown();
                }
            }

            return await (_objects ??= objects()).NextAsync(cancellationToken);
        }

        public VersionRow? NewestOf(ListingRow row) => _objects is null ? versions!.NewestOf(row) : null;

        public ValueTask<VersionRow?> NextOlderAsync(CancellationToken cancellationToken) =>
            _objects is null ? versions!.NextOlderAsync(cancellationToken) : default;

        public async ValueTask DisposeAsync()
        {
            if (versions is not null)
            {
                await versions.DisposeAsync();
            }

            if (_objects is not null)
            {
                await _objects.DisposeAsync();
            }
        }
    }
}
