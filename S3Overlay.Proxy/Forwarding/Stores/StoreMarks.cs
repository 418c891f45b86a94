using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>The marks of deletes in the cache bucket of an S3 endpoint. A tombstone's stamp is the store's ETag of it.</summary>
/// <remarks>
/// <para>
/// Another proxy's delete puts its tombstone and then takes the object away. Were the tombstone taken back between the two, the object
/// would show once more, and then, with that delete acknowledged, the remote's. So where several proxies share the store, the tombstone of
/// a key that is written is left alone until it is old enough for that delete to be over; and the store is told to delete it only as long
/// as nobody put another in its place.
/// </para>
/// <para>A store that does not know If-Match of a DELETE is asked right before: then another proxy's delete in that very moment may be
/// overlooked.</para>
/// </remarks>
internal sealed class StoreMarks(LocalStore store, StoreLayerState state, StoreProbe probe) : ITombstones
{
    /// <summary>Longer than any call of a delete is repeated.</summary>
    private static readonly TimeSpan LongestDelete = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // As many as there are buckets: their names fit into memory, as in the store's own list of buckets.
        var names = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var folder in store.Calls.ListFoldersAsync(store.Cache.Name, CacheNames.AllTombstones, cancellationToken))
        {
            if (await BucketOfAsync(folder[CacheNames.AllTombstones.Length..^1], folder, cancellationToken) is { } bucket)
            {
                names.Add(bucket);
            }
        }

        await foreach (
            var mark in store.Calls.ListAsync(store.Cache.Name, CacheNames.BucketMarks, "", ListRequest.MaxPage, cancellationToken))
        {
            if (await BucketOfAsync(mark.Name[CacheNames.BucketMarks.Length..], mark.Name, cancellationToken) is { } bucket)
            {
                names.Add(bucket);
            }
        }

        foreach (var name in names)
        {
            yield return name;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Tombstone> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        state.Tombstones.ListAsync(bucket, prefix, after, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<Tombstone?> FindAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await state.Tombstones.FindAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<UndeleteOutcome> DiscardAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken)
    {
        return !store.IsAlone && await MayBeUnderWayAsync(bucket, tombstone, cancellationToken)
            ? UndeleteOutcome.Kept
            : await TakeAsync(bucket, tombstone, cancellationToken);
    }

    /// <summary>Takes a tombstone back whose delete is known to be over, unless there is a later one by now.</summary>
    public async ValueTask<UndeleteOutcome> TakeAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken)
    {
        var isConditional = (await probe.GetAsync(cancellationToken)).DeletesIfMatch;
        if (!isConditional && !store.IsAlone && await state.Tombstones.FindAsync(bucket, tombstone.Key, cancellationToken) is var now
            && now?.Stamp != tombstone.Stamp)
        {
            return now is null ? UndeleteOutcome.Absent : UndeleteOutcome.Kept;
        }

        return await state.Tombstones.RemoveAsync(bucket, tombstone, isConditional, cancellationToken) ? UndeleteOutcome.Discarded
            : UndeleteOutcome.Kept;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The tombstones go first, which the mark outranks: whichever instant it ends at, the bucket is deleted still, or all of the remote
    /// shows.
    /// </remarks>
    public async ValueTask<bool> DiscardBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        var mark = CacheNames.BucketMark(bucket);
        try
        {
            if (!await store.Calls.ExistsAsync(store.Cache.Name, mark, cancellationToken))
            {
                return false;
            }

            await state.Tombstones.ClearAsync(bucket, cancellationToken);
            await store.Calls.DeleteAsync(store.Cache.Name, mark, cancellationToken);
            return true;
        }
        finally
        {
            state.ForgetBucket(bucket);
        }
    }

    /// <summary>Whether the delete that made a tombstone may still be about to take the object away.</summary>
    private async Task<bool> MayBeUnderWayAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken)
    {
        using var answer = await store.Calls.SendAsync(new WireRequest("HEAD", bucket, tombstone.Key, "", []), cancellationToken);
        if (answer.Status is 404 or 400)
        {
            // There is nothing to take away; 400: the store can have no object of that name.
            return false;
        }

        // Both dates are the store's own. Of an object that only its owner may look at (SSE-C, a refusal) nothing more need be known than
        // that it may be there.
        var now = HttpDates.TryParseHeader(answer.Header("Date"), out var date) ? date : store.Time.GetUtcNow();
        return tombstone.Made is not { } made || now - made < LongestDelete;
    }

    /// <summary>The bucket in a name of the cache bucket; of one that is a hash only an object's body tells it.</summary>
    private async Task<string?> BucketOfAsync(string name, string prefix, CancellationToken cancellationToken)
    {
        if (!CacheNames.IsHashed(name))
        {
            return name;
        }

        var first = await store.Calls.ListAsync(store.Cache.Name, prefix, "", 1, cancellationToken).FirstOrDefaultAsync(cancellationToken);
        if (first is null || await store.Calls.GetAsync(store.Cache.Name, first.Name, null, cancellationToken) is not { } answer)
        {
            return null;
        }

        using (answer)
        {
            return Mark.Parse(await store.Calls.ReadAsync(answer, Mark.Limit, cancellationToken))?.Bucket
                ?? throw new S3Exception(S3Errors.ServiceUnavailable,
                    $"The object {first.Name} in the bucket {store.Cache.Name} should be a mark and does not tell its bucket.");
        }
    }
}
