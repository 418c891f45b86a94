using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>The tombstones and bucket marks in the cache bucket. A tombstone's stamp is its ETag.</summary>
/// <remarks>
/// <para>
/// Another proxy's delete writes its tombstone and then removes the object. If the tombstone were removed between the two, the object would
/// show again, and after that delete the remote's. So if several proxies share the store, the tombstone of a written key is kept until its
/// delete must be over, and it is only removed if it has not been replaced.
/// </para>
/// <para>A store that does not know If-Match of a DELETE is asked right before: then another proxy's delete in that very moment may be
/// overlooked.</para>
/// </remarks>
internal sealed class StoreMarks(LocalStore store, StoreLayerState state, StoreProbe probe) : ITombstones
{
    /// <summary>Longer than any call of a delete is retried.</summary>
    private static readonly TimeSpan LongestDelete = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // As many as there are buckets, which fit into memory like the store's own list.
        var names = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var folder in store.Calls.ListFoldersAsync(store.CacheBucket, CacheNames.AllTombstones, cancellationToken))
        {
            if (await BucketOfAsync(folder[CacheNames.AllTombstones.Length..^1], folder, cancellationToken) is { } bucket)
            {
                names.Add(bucket);
            }
        }

        await foreach (
            var mark in store.Calls.ListAsync(store.CacheBucket, CacheNames.BucketMarks, "", ListRequest.MaxPage, cancellationToken))
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
    public async ValueTask<UndeleteOutcome> UndeleteAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken)
    {
        return !store.IsAlone && await MayBeUnderWayAsync(bucket, tombstone, cancellationToken)
            ? UndeleteOutcome.Kept : await TakeAsync(bucket, tombstone, cancellationToken);
    }

    /// <summary>Removes a tombstone whose delete is finished, unless a later one replaced it.</summary>
    public async ValueTask<UndeleteOutcome> TakeAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken)
    {
        var isConditional = (await probe.GetAsync(cancellationToken)).DeletesIfMatch;
        if (!isConditional && !store.IsAlone && await state.Tombstones.FindAsync(bucket, tombstone.Key, cancellationToken) is var now
            && now?.Stamp != tombstone.Stamp)
        {
            return now is null ? UndeleteOutcome.Absent : UndeleteOutcome.Kept;
        }

        return await state.Tombstones.RemoveAsync(bucket, tombstone, isConditional, cancellationToken) ? UndeleteOutcome.Undeleted
            : UndeleteOutcome.Kept;
    }

    /// <inheritdoc/>
    public async ValueTask RestoreBaseAsync(string bucket, Tombstone tombstone, RemoteBase known, CancellationToken cancellationToken)
    {
        var mark = Mark.Tombstone(bucket, tombstone.Key, known) with { Marker = tombstone.Marker, Over = tombstone.Over };
        await state.Tombstones.PutAsync(mark, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Tombstones are removed first, since the mark outranks them: if this stops in between, the bucket is still deleted.
    /// </remarks>
    public async ValueTask<bool> UndeleteBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        var mark = CacheNames.BucketMark(bucket);
        try
        {
            if (!await store.Calls.ExistsAsync(store.CacheBucket, mark, cancellationToken))
            {
                return false;
            }

            await state.Tombstones.ClearAsync(bucket, cancellationToken);
            await store.Calls.DeleteAsync(store.CacheBucket, mark, cancellationToken);
            return true;
        }
        finally
        {
            state.ForgetBucket(bucket);
        }
    }

    /// <summary>True if the delete that wrote the tombstone may still be about to remove the object.</summary>
    private async Task<bool> MayBeUnderWayAsync(string bucket, Tombstone tombstone, CancellationToken cancellationToken)
    {
        using var response = await store.Calls.SendAsync(new WireRequest("HEAD", bucket, tombstone.Key), cancellationToken);
        if (response.Status is 404 or 400)
        {
            // There is no object. 400: the store can have none of that name.
            return false;
        }

        // Both dates are the store's own. If only the owner may read the object (SSE-C, a refusal), it may exist: that is enough.
        var now = HttpDates.TryParseHeader(response.Header("Date"), out var date) ? date : store.Time.GetUtcNow();
        return tombstone.Made is not { } made || now - made < LongestDelete;
    }

    /// <summary>The bucket in a name of the cache bucket. If it is a hash, the object's body has it.</summary>
    private async Task<string?> BucketOfAsync(string name, string prefix, CancellationToken cancellationToken)
    {
        if (!CacheNames.IsHashed(name))
        {
            return name;
        }

        var first = await store.Calls.ListAsync(store.CacheBucket, prefix, "", 1, cancellationToken).FirstOrDefaultAsync(cancellationToken);
        if (first is null || await store.Calls.GetAsync(store.CacheBucket, first.Name, null, cancellationToken) is not { } response)
        {
            return null;
        }

        using (response)
        {
            return Mark.Parse(await store.Calls.ReadAsync(response, Mark.Limit, cancellationToken))?.Bucket
                ?? throw new S3Exception(S3Errors.ServiceUnavailable,
                    $"The object {first.Name} in the bucket {store.CacheBucket} should be a mark but does not name its bucket.");
        }
    }
}
