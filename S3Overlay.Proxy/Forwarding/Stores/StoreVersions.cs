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
/// <param name="store">The endpoint.</param>
/// <param name="tombstones">The marks of deleted keys.</param>
/// <param name="marks">Takes them back.</param>
/// <param name="logger">Where a wrong order is told.</param>
/// <param name="written">Lists the written objects of a bucket, for a store that does not list versions.</param>
internal sealed class StoreVersions(
    LocalStore store, Tombstones tombstones, StoreMarks marks, ILogger logger,
    Func<string, ListingQuery, IListingSource> written) : ILocalVersions
{
    /// <summary>How many versions of one key are looked at first.</summary>
    private const int FirstVersions = 100;

    /// <summary>The id that objects have which were written while no versions were kept, and those of the remote.</summary>
    private const string NullVersion = "null";

    private static readonly SearchValues<char> UlidCharacters = SearchValues.Create("0123456789ABCDEFGHJKMNPQRSTVWXYZ");

    /// <summary>
    /// How long the answer for a bucket counts that its versions are not listed. One refusal is enough, and a gateway's looks like that of
    /// a store that knows no versions: so not for long.
    /// </summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    /// <summary>Beyond so many buckets, what is known is forgotten.</summary>
    private const int MostBuckets = 1000;

    /// <summary>When the store was found not to know the question, by bucket.</summary>
    private readonly ConcurrentDictionary<string, long> _unlisted = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    /// <remarks>
    /// A store that does not list versions keeps none, as far as clients can tell: there each written object is its <c>null</c> (rule V3).
    /// </remarks>
    public IVersionedRows List(string bucket, ListingQuery query, string versionIdMarker, CancellationToken cancellationToken) =>
        new UnlessUnknown(
        IsUnlisted(bucket) ? null : ListVersions(bucket, query, versionIdMarker, cancellationToken),
        () => written(bucket, query),
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
    public ValueTask NameMarkerAsync(string bucket, string key, string marker, CancellationToken cancellationToken) =>
        new(tombstones.PutAsync(Mark.Tombstone(bucket, key) with { Marker = marker }, cancellationToken));

    /// <inheritdoc/>
    public ValueTask MarkOverAsync(string bucket, string key, string version, CancellationToken cancellationToken) =>
        new(tombstones.PutAsync(Mark.Tombstone(bucket, key) with { Over = version }, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<Tombstone?> FindTombstoneAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await tombstones.FindNamedAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask TakeBackAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken) =>
        await marks.TakeAsync(bucket, tombstone, cancellationToken);

    /// <remarks>
    /// What is gone on after is the last row seen, not what the store says: stores differ in whether they encode that. Rows before the
    /// position are dropped and keys rolled up here as well, as <see cref="RemoteRows"/> does. No store is asked to go on behind a version
    /// <c>null</c>, but a little before it, and what was shown is left out here: the <c>null</c> may be the remote's (rule V3), and MinIO
    /// takes the next key's for one it lacks, and passes over that; Versity gives nothing but other versions <c>null</c> behind that of a
    /// key with newer ones. It also gives such a <c>null</c> again behind older versions of its key: of each key one is shown.
    /// </remarks>
    private async IAsyncEnumerable<VersionRow> ListAsync(
        string bucket, ListingQuery query, string versionIdMarker, StrongBox<int> pages,
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
            // Versions of a key that is rolled up are no rows.
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

    /// <summary>
    /// How many rows of a page are up to the version that it goes on after: none, but where a store gives that one once more (Versity, of a
    /// key's newest).
    /// </summary>
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
    /// How many rows of a page are up to the version <c>null</c> of a key, or, where it is not among them, up to the last row of that key;
    /// the key is null once it was found.
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
    /// Whether a page behind a version has the <c>null</c> of its key though that may be before it, as Versity gives it; not one that has
    /// that version itself, too, which would tell what is before it. Versity's ids are ULIDs, which no other store's are that is known: for
    /// those a question more would tell nothing.
    /// </summary>
    private static bool MayGiveNullAgain(VersionPage page, string marker, string version) =>
        IsUlid(version) && page.Rows.Any(row => row.Name == marker && row.VersionId == NullVersion)
            && !page.Rows.Any(row => row.Name == marker && row.VersionId == version);

    /// <remarks>https://github.com/ulid/spec</remarks>
    private static bool IsUlid(string version) => version.Length == 26 && !version.AsSpan().ContainsAnyExcept(UlidCharacters);

    /// <summary>
    /// Whether a listing has the <c>null</c> of a key before a version; not known, and so not, of a version that is gone. What it gives
    /// again on a later page was before that, and would have been seen there.
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

            var next = listing with { KeyMarker = last.IsPrefix ? ListingBounds.Beyond(last.Name) : last.Name, VersionIdMarker = last.VersionId
                ?? "" };
            if (next == listing)
            {
                return false;
            }

            listing = next;
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
        catch (S3Exception forbidden) when (forbidden.Error == S3Errors.AccessDenied)
        {
            throw S3Exception.OfOverlaysOwn(forbidden);
        }
    }

    /// <summary>The row as it is shown; null where it lies before the position.</summary>
    private static VersionRow? Shown(VersionRow row, ListingQuery query, string versionIdMarker)
    {
        if ((row.IsPrefix ? row.Name : query.CommonPrefixOf(row.Name)) is { } prefix)
        {
            return (row.IsPrefix ? query.After.IsBeforeAnyUnder(prefix) : query.After.IsBefore(row.Name))
                ? new VersionRow(prefix, null, null) : null;
        }

        // Older versions of the key that a page ended with: of these the store knows which were shown.
        return query.After.IsBefore(row.Name) || (versionIdMarker.Length > 0 && row.Name == query.After.Name) ? row : null;
    }

    /// <summary>
    /// Rows of versions; those of objects instead, where the store turns out not to know versions when it is first asked for them.
    /// </summary>
    private sealed class UnlessUnknown(IVersionedRows? versions, Func<IListingSource> objects, Action unknown) : IVersionedRows
    {
        private IListingSource? _objects;
        private bool _hasBegun;

        /// <remarks>Of both: where the one takes over from the other, no row may look older than what was read before.</remarks>
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
