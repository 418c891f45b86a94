using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// What a key is in an S3 endpoint as the writable layer. Written objects are under their own keys in their own buckets; all else is in the
/// cache bucket, so that proxies without any state of their own can share the endpoint.
/// </summary>
/// <remarks>
/// <code>
///   written     bucket/key is there                        HEAD
///   deleted     it is not, and t/bucket/key is there       HEAD, HEAD
///   nothing     neither is
/// </code>
/// The key itself is asked first. A delete puts its tombstone before it takes the object away, so that whoever no longer finds the object
/// finds the tombstone.
/// </remarks>
internal sealed class StoreLayerState : ILayerState
{
    /// <summary>How long one proxy alone trusts what it knows of buckets: for changes behind its back (rule D4).</summary>
    private static readonly TimeSpan AloneLifetime = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SharedLifetime = TimeSpan.FromSeconds(1);

    private readonly LocalStore _store;
    private readonly Tombstones _tombstones;
    private readonly CoalescingCache<BucketState> _memory;
    private readonly SingleFlight _ensuring;
    private readonly ILogger _logger;

    /// <summary>The state kept in an endpoint.</summary>
    /// <param name="store">The endpoint.</param>
    /// <param name="logger">Where failures are told.</param>
    public StoreLayerState(LocalStore store, ILogger logger)
    {
        (_store, _logger) = (store, logger);
        _tombstones = new Tombstones(store.Calls, store.Cache, logger);
        _memory = new CoalescingCache<BucketState>(store.IsAlone ? AloneLifetime : SharedLifetime, store.Time);
        _ensuring = new SingleFlight(EnsureAsync);
    }

    /// <summary>The marks of deleted keys.</summary>
    public Tombstones Tombstones => _tombstones;

    /// <inheritdoc/>
    public async ValueTask<KeyState> ResolveAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await IsWrittenAsync(bucket, key, cancellationToken) ? KeyState.Written
        : await _tombstones.HasAsync(bucket, key, cancellationToken) ? KeyState.Deleted
        : KeyState.Nothing;

    /// <inheritdoc/>
    public async ValueTask<KeyState> ResolveWithinWriteAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await _tombstones.HasAsync(bucket, key, cancellationToken) ? KeyState.Deleted
        : KeyState.Nothing;

    /// <summary>Whether a key has a tombstone; what that means only whoever knows that the key is not written can tell. One call.</summary>
    public Task<bool> IsDeletedAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _tombstones.HasAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask MarkDeletedAsync(string bucket, string key, CancellationToken cancellationToken) =>
        new(_tombstones.PutAsync(Mark.Tombstone(bucket, key), cancellationToken));

    /// <inheritdoc/>
    /// <remarks>
    /// May be a minute old; a second where several proxies share the endpoint. Never older than a change made through this object.
    /// </remarks>
    public ValueTask<BucketState> ResolveBucketAsync(string bucket, CancellationToken cancellationToken) =>
        _memory.FindAsync(bucket, this, static (name, state) => state.AskAsync(name), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BucketState> ConfirmBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        if (!_store.IsAlone)
        {
            _memory.Forget(bucket);
        }

        return ResolveBucketAsync(bucket, cancellationToken);
    }

    /// <summary>
    /// Forgets what is known of a bucket: for whoever made, deleted or missed a bucket at the endpoint without this object.
    /// </summary>
    public void ForgetBucket(string bucket) => _memory.Forget(bucket);

    /// <summary>Asks the store for anything at all: any answer will do that is no failure of its own.</summary>
    /// <param name="cancellationToken">The caller's patience.</param>
    /// <param name="budget">How long attempts may take together; null for as long as for any request.</param>
    /// <exception cref="Protocol.S3Exception">ServiceUnavailable where there is none.</exception>
    public async Task PingAsync(CancellationToken cancellationToken, TimeSpan? budget = null)
    {
        using var answer = await _store.Calls.SendAsync(new WireRequest("HEAD", _store.Cache.Name, "", "", []), cancellationToken, budget);
    }

    /// <inheritdoc/>
    public ValueTask EnsureBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(_ensuring.RunAsync(bucket, cancellationToken));

    /// <inheritdoc/>
    /// <remarks>
    /// The local half goes first and the mark comes last, so that there is nothing to be undone: a mark put first would have to be taken
    /// back from a bucket that turns out not to be empty, and would take another proxy's mark along. Whichever instant it ends at in
    /// between, clients see what they saw before, an empty bucket: the remote's keys stay hidden under their tombstones, which are not kept
    /// in the bucket.
    /// </remarks>
    public async ValueTask DeleteBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        try
        {
            await _store.Buckets.DeleteAsync(bucket, cancellationToken);

            // From here on it is finished, whether or not the client still waits.
            await _store.Cache.PutAsync(CacheNames.BucketMark(bucket), Mark.DeletedBucket(bucket).ToBody(), CancellationToken.None);
        }
        finally
        {
            _memory.Forget(bucket);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken) =>
        await _store.Buckets.ListAsync(cancellationToken);

    /// <inheritdoc/>
    public IListingSource ListWritten(string bucket, ListingQuery query)
    {
        return new StoreRows(
            new RemoteRows(ListingShare.Whole(new RemoteBucket(_store.Calls.Reads, bucket, ""), query), _logger, "local"));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDeletedAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        _tombstones.ListAsync(bucket, prefix, after, cancellationToken).Select(static tombstone => tombstone.Key);

    private async Task<bool> IsWrittenAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var answer = await _store.Calls.SendAsync(new WireRequest("HEAD", bucket, key, "", []), cancellationToken);
        if (answer.Status < 300)
        {
            return true;
        }

        if (answer.Status == 404)
        {
            return false;
        }

        // A HEAD has no document that would say why.
        using var explained = await _store.Calls.SendAsync(new WireRequest("GET", bucket, key, "", [new("Range", "bytes=0-0")]),
            cancellationToken);
        if (explained.Status is < 300 or 404 or 416)
        {
            return explained.Status != 404;
        }

        var error = await explained.ErrorAsync(cancellationToken);
        return StoreErrors.IsEncrypted(error)
            || (StoreErrors.IsAbsence(error.Code) ? false : throw await StoreCalls.RefusedAsync(explained, cancellationToken));
    }

    private async Task EnsureAsync(string bucket)
    {
        // Asked first, since making one's own bucket once more resets its ACL in some places.
        if ((await ResolveBucketAsync(bucket, CancellationToken.None)).Exists)
        {
            return;
        }

        try
        {
            await _store.Buckets.CreateAsync(bucket, CancellationToken.None);
        }
        finally
        {
            _memory.Forget(bucket);
        }
    }

    private async Task<BucketState> AskAsync(string bucket)
    {
        var exists = _store.Calls.BucketExistsAsync(bucket, CancellationToken.None);
        var isOpaque = _store.Calls.ExistsAsync(_store.Cache.Name, CacheNames.BucketMark(bucket), CancellationToken.None);
        await Task.WhenAll(exists, isOpaque);
        return new BucketState(await exists, await isOpaque);
    }
}
