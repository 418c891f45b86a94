using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Rows;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Copies of remote objects under their own keys in their own buckets, among what clients wrote (rule E4): where they are, and how one is
/// taken away without ever taking a written object with it.
/// </summary>
/// <remarks>
/// What is a copy, its own mark tells whoever reads it. Listings have no metadata: they go by rows in the cache bucket, which say how the
/// store's row of the copy looks. So a row is put before its copy and deleted after it. An object that looks as a row says and may yet be
/// another, since the row is not finished or the key is being written, is looked at.
/// </remarks>
internal sealed class PlacedCopies : IPlacedCopies
{
    private const int Parallel = 16;

    /// <summary>
    /// How long whoever takes a copy away, or changes it, waits for a client's write of the key. Where the store keeps keys to writes that
    /// is as slow as the client, and the store would not answer sooner. And how long such a write waits in turn until the store has said
    /// what is there.
    /// </summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly LocalStore _store;
    private readonly StoreProbe _probe;
    private readonly CacheListing _listing;
    private readonly NameLocks<ObjectName> _putting = new();
    private readonly NameLocks<ObjectName> _changing = new();
    private readonly UnsettledWrites _unsettled = new();
    private readonly RetiredRows _retired = new();

    /// <summary>The copies of a store.</summary>
    public PlacedCopies(LocalStore store, StoreProbe probe, ILogger<PlacedCopies> logger)
    {
        (_store, _probe) = (store, probe);
        Objects = new CacheBucketObjects(store);
        _listing = new CacheListing(Objects, isPlaced: true);
        Buckets = new PlacingBuckets(store, logger);
        Judge = new RowJudge(store, _unsettled);
    }

    /// <summary>What was learned of copies since they were put.</summary>
    public EntryRenewals Renewals { get; } = new();

    /// <summary>Into which buckets copies may be put.</summary>
    public PlacingBuckets Buckets { get; }

    /// <summary>Tells copies from written objects in listings.</summary>
    public RowJudge Judge { get; }

    /// <summary>The cache bucket, where the rows are.</summary>
    public CacheBucketObjects Objects { get; }

    /// <summary>How many writes wait until a copy has been taken away, and the other way round.</summary>
    internal int Waiting => _changing.Waiting;

    /// <summary>Of how many keys a write may have left what looks like the copy that was there.</summary>
    internal int Unsettled => _unsettled.Count;

    /// <summary>
    /// Whether the store can have such copies: it must tell a new key from one that is there, and let a copy be taken away that is still
    /// one.
    /// </summary>
    public async ValueTask<bool> IsPossibleAsync(CancellationToken cancellationToken) =>
        await _probe.FindAsync(cancellationToken) is { Conditions.PutsIfNew: true, HasPlainETags: true } can
            && (can.Conditions.DeletesIfMatch || _store.IsAlone);

    /// <summary>Whether the store copies onto an object only as long as that has an ETag.</summary>
    public async ValueTask<bool> CopiesIfAsync(CancellationToken cancellationToken) =>
        (await _probe.GetAsync(cancellationToken)).CopiesIfMatch;

    /// <summary>The copy under a key; null where there is none. One call.</summary>
    public async Task<PlacedObject?> FindAsync(ObjectName name, CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(name, cancellationToken);
        return Found(answer, name);
    }

    /// <summary>What is under a key: a copy, something else, or nothing. One call.</summary>
    public async Task<PlacedLook> SeeAsync(ObjectName name, CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(name, cancellationToken);
        return new PlacedLook(Found(answer, name) is { } found ? Copy(found, null) : null, answer.Status == 404)
            { Marker = MarkerHeaders.Of(answer.Message) };
    }

    /// <summary>Opens the copy under a key; null where there is none. One call; bytes are asked for as they are read.</summary>
    public async Task<ICacheEntry?> OpenAsync(ObjectName name, CancellationToken cancellationToken) =>
        await FindAsync(name, cancellationToken) is { } found ? Copy(found, null) : null;

    /// <summary>Told of each read of a copy's bytes; null for nobody.</summary>
    public Action<ObjectName>? Used { get; set; }

    /// <summary>
    /// The copy that a client's read was answered with, which takes the answer over where it is one; null where the object is written.
    /// </summary>
    public ICacheEntry? Take(S3Request request, HttpResponseMessage response)
    {
        var (answer, name) = (new WireResponse(response), new ObjectName(request.Bucket, request.Key));
        if (Found(answer, name) is not { } found)
        {
            return null;
        }

        if (!request.IsHead)
        {
            Used?.Invoke(name);
        }

        return Copy(found, request.IsHead ? null : answer);
    }

    /// <summary>The rows of a bucket's copies in their keys' order; their objects may be gone.</summary>
    public async IAsyncEnumerable<PlacedRow> ListAsync(string bucket, string prefix, string after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in _listing.ListAsync(bucket, prefix, after, cancellationToken))
        {
            yield return (PlacedRow)row;
        }
    }

    /// <summary>Takes the copy of a key away with its rows, where it is of a version that is meant.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public async Task RemoveAsync(ObjectName name, Func<CacheRow, bool> isMeant, CancellationToken cancellationToken)
    {
        try
        {
            _unsettled.Has(name, out var last);
            var all = await RowsAsync(name, cancellationToken);
            var rows = all.Where(row => PlacedNames.ParseSuffix(name.Key, EntryNames.SuffixOf(row.Name)) is not { } parsed
                || isMeant(parsed)).ToList();
            if (rows.Count > 0)
            {
                var wasThere = await RemoveObjectAsync(name, isMeant, cancellationToken);
                using var going = BeginRetiring(name);
                if (await RetireAsync(name, rows, wasThere, cancellationToken))
                {
                    // Another proxy may have put it back before its row went.
                    await RemoveObjectAsync(name, isMeant, cancellationToken);
                }
            }

            if (rows.Count == all.Count)
            {
                _unsettled.Settle(name, last);
            }
        }
        catch (S3Exception failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>Takes the object under a key away where it is a copy of a version that is meant.</summary>
    /// <returns>Whether it was.</returns>
    /// <exception cref="IOException">It cannot be, or not at the moment.</exception>
    public async Task<bool> RemoveObjectAsync(ObjectName name, Func<CacheRow, bool> isMeant, CancellationToken cancellationToken)
    {
        var isConditional = (await _probe.GetAsync(cancellationToken)).DeletesIfMatch;
        using var entered = await ChangeAsync(name, cancellationToken);
        if (await LookAsync(name, cancellationToken) is not { } found || !isMeant(found.Record.Row))
        {
            return false;
        }

        if (!isConditional && !_store.IsAlone)
        {
            throw new IOException(
                "The local store cannot be told to delete a copy only as long as it is one, and other proxies write to it.");
        }

        // A write waits for this one as long as for any call: what is given up the store may do all the same, later, and that it deletes an
        // object of that ETag alone spares no write of the same bytes.
        var headers = isConditional ? new KeyValuePair<string, string>[] { new("If-Match", found.StoreETag) } : [];
        // A copy that was put before the bucket had versions is the one called null, which not all stores tell. Without its id a delete
        // would leave a marker: what was known of the bucket a while ago does not do.
        var id = found.VersionId ?? (await HasVersionsAsync(name.Bucket, cancellationToken) ? "null" : null);
        var version = id is null ? "" : "versionId=" + UriEncoding.EncodeComponent(id);
        using var answer = await _store.Calls.SendAsync(new WireRequest("DELETE", name.Bucket, name.Key, version, headers),
            cancellationToken);
        return answer.Status is < 300 or 404 or 409 or 412 ? true : throw await StoreCalls.RefusedAsync(answer, cancellationToken);
    }

    /// <summary>A key's rows.</summary>
    public async Task<List<StoredRow>> RowsAsync(ObjectName name, CancellationToken cancellationToken)
    {
        var rows = new List<StoredRow>();
        await foreach (var row in Objects.ListAsync(PlacedNames.RowsOf(name), "", cancellationToken))
        {
            if (row.Object is { } listed)
            {
                rows.Add(new StoredRow(row.Name, listed.LastModified));
            }
        }

        return rows;
    }

    /// <summary>
    /// Takes rows out. Of a version whose copy may come yet, put by a proxy that is perhaps dead and executed by the store when nobody
    /// looks any more, the unfinished row stays, or comes back: what looks like that copy goes on being looked at, until the row is old.
    /// Where this is the only proxy, that is so of unfinished rows alone that have no copy behind them (<see cref="EntryRemoval"/>).
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="wasThere">Whether the copy that they were put for has come.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Whether any is gone, and the copy to be looked for once more.</returns>
    public async Task<bool> RetireAsync(ObjectName name, IReadOnlyCollection<StoredRow> rows, bool wasThere,
        CancellationToken cancellationToken)
    {
        var awaited = rows
            .Where(row => Objects.MayComeYet(row.Put) && !(_store.IsAlone && (wasThere || PlacedNames.Unfinished(row.Name) != row.Name)))
            .Select(row => PlacedNames.Unfinished(row.Name)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var row in awaited.Where(row => !rows.Any(other => other.Name == row && Objects.MayComeYet(other.Put))))
        {
            await Objects.PutAsync(row, WireBody.Of(RowBodies.Of(name.Key)), [], cancellationToken);
        }

        var hasGone = false;
        foreach (var row in rows.Where(row => !awaited.Contains(row.Name)))
        {
            await DeleteRowAsync(name, row.Name, cancellationToken);
            hasGone = true;
        }

        return hasGone;
    }

    /// <summary>Deletes a row. Listings that are under way are told first: they may have seen its copy, and miss the row.</summary>
    public async Task DeleteRowAsync(ObjectName name, string row, CancellationToken cancellationToken)
    {
        using var going = BeginRetiring(name);
        await Objects.DeleteAsync(row, cancellationToken);
    }

    /// <summary>
    /// Begins to take rows of a key out, which ends with the disposal of the result: until then no listing goes by what is left of them,
    /// since a copy may come in between.
    /// </summary>
    public IDisposable BeginRetiring(ObjectName name) => _retired.Begin(name);

    /// <summary>Notes for a listing which keys' rows go from now on.</summary>
    public RetiredWatch Watch(string bucket, string prefix) => _retired.Watch(bucket, prefix);

    /// <summary>
    /// Takes all copies out of a bucket that clients see empty, so that the store can delete it (rule B4). None is put there from now on.
    /// </summary>
    public async Task ClearAsync(string bucket, CancellationToken cancellationToken)
    {
        await Buckets.CloseAsync(bucket, cancellationToken);
        try
        {
            var keys = _store.Calls.ListAsync(bucket, "", "", ListRequest.MaxPage, cancellationToken);
            await System.Threading.Tasks.Parallel.ForEachAsync(
                keys,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
                async (row, token) => await RemoveObjectAsync(new ObjectName(bucket, row.Name), static _ => true, token));
            _retired.NoteAll(bucket);
            await foreach (var row in Objects.ListAsync(CacheNames.PlacedRows(bucket), "", cancellationToken))
            {
                await Objects.DeleteAsync(row.Name, cancellationToken);
            }
        }
        catch (IOException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, failure.Message, failure);
        }
    }

    /// <summary>Begins to put a copy, which ends with the disposal of the result; null where writes hold it off.</summary>
    public IDisposable? TryBeginPut(ObjectName name) => _putting.TryTake(name);

    /// <inheritdoc/>
    public ValueTask<IDisposable> ReconfigureAsync(string bucket, CancellationToken cancellationToken) =>
        Buckets.PauseAsync(bucket, LongestWait, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IDisposable> HoldOffAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await _putting.ShareAsync(new ObjectName(bucket, key), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> ETagAsync(string bucket, string key, CancellationToken cancellationToken) =>
        (await FindAsync(new ObjectName(bucket, key), cancellationToken))?.StoreETag;

    /// <inheritdoc/>
    public async ValueTask<IPlacedCommit> EnterAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        // From here on the object may be another, and look like the copy: bytes and second may be the same.
        var name = new ObjectName(bucket, key);
        _unsettled.Begin(name);
        try
        {
            return new PlacedCommit(_unsettled, name, await _changing.TakeAsync(name, cancellationToken));
        }
        catch
        {
            _unsettled.End(name, isRefused: true);
            throw;
        }
    }

    /// <summary>
    /// Begins to change the copy of a key, which ends with the disposal of the result: no write of this process commits meanwhile.
    /// </summary>
    /// <exception cref="IOException">Writes have had it for too long.</exception>
    public async ValueTask<IDisposable> ChangeAsync(ObjectName name, CancellationToken cancellationToken) =>
        await WithinLimitAsync(async token => await _changing.TakeAsync(name, token), "A client's write of the key is under way.",
            cancellationToken);

    /// <summary>The copy under a key that is about to be changed; null where there is none.</summary>
    /// <exception cref="IOException">The store does not answer: no write is to wait until it is given up.</exception>
    public Task<PlacedObject?> LookAsync(ObjectName name, CancellationToken cancellationToken) =>
        WithinLimitAsync(token => FindAsync(name, token), "The local store does not say what is under the key.", cancellationToken);

    private Task<bool> HasVersionsAsync(string bucket, CancellationToken cancellationToken) =>
        WithinLimitAsync(token => Buckets.HasVersionsAsync(bucket, token).AsTask(),
            "The local store does not say whether the bucket has versions.", cancellationToken);

    private async Task<T> WithinLimitAsync<T>(Func<CancellationToken, Task<T>> ask, string otherwise, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestWait, _store.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await ask(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException(otherwise);
        }
    }

    private async Task<WireResponse> AskAsync(ObjectName name, CancellationToken cancellationToken)
    {
        var answer = await _store.Calls.SendAsync(new WireRequest("HEAD", name.Bucket, name.Key, "", []), cancellationToken);

        // 400: an object under a client's key, or a name that the store cannot have.
        if (answer.Status is < 300 or 400 or 404)
        {
            return answer;
        }

        using (answer)
        {
            throw await StoreCalls.RefusedAsync(answer, cancellationToken);
        }
    }

    private PlacedCopy Copy(PlacedObject found, WireResponse? started) => new(found, Renewals.Apply(found.Record), started, _store.Calls);

    private static PlacedObject? Found(WireResponse answer, ObjectName name) =>
        PlacedMark.Read(answer, name) is { } record
            ? new PlacedObject(
                record, answer.Header("ETag")!, HttpDates.TryParseHeader(answer.Header("Last-Modified"), out var date) ? date
                    : DateTimeOffset.UnixEpoch)
            {
                VersionId = answer.Header("x-amz-version-id") is { Length: > 0 } version ? version : null,
            }
            : null;
}
