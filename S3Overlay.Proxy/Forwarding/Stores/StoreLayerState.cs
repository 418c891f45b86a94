using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The state of keys in an S3 endpoint as the local layer. Written objects have their own keys in their own buckets. Everything else is in
/// the cache bucket, so that several proxies can share the endpoint without state of their own.
/// </summary>
/// <remarks>
/// <code>
///   written     bucket/key is there                        HEAD
///   deleted     it is not, and t/bucket/key is there       HEAD, HEAD
///   nothing     neither is
/// </code>
/// The key is checked first. A delete writes its tombstone before it removes the object, so a reader that misses the object finds the
/// tombstone.
/// </remarks>
internal sealed class StoreLayerState : ILayerState
{
    /// <summary>How long a single proxy trusts what it knows about buckets (rule D4).</summary>
    private static readonly TimeSpan AloneLifetime = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SharedLifetime = TimeSpan.FromSeconds(1);
    private readonly LocalStore _store;
    private readonly Tombstones _tombstones;
    private readonly CoalescingCache<BucketState> _memory;
    private readonly SingleFlight _ensuring;
    private readonly ILogger _logger;

    public StoreLayerState(LocalStore store, ILogger logger)
    {
        (_store, _logger) = (store, logger);
        _tombstones = new Tombstones(store, logger);
        _memory = new CoalescingCache<BucketState>(store.IsAlone ? AloneLifetime : SharedLifetime, store.Time);
        _ensuring = new SingleFlight(EnsureAsync);
    }

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

    /// <summary>True if the key has a tombstone. It only counts if the key is not written. One call.</summary>
    public Task<bool> IsDeletedAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _tombstones.HasAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask MarkDeletedAsync(string bucket, string key, RemoteBase? known, CancellationToken cancellationToken) =>
        new(_tombstones.PutAsync(Mark.Tombstone(bucket, key, known), cancellationToken));

    /// <inheritdoc/>
    /// <remarks>
    /// A tombstone is older than what was written since. Where neither has a base, an older program made it: nothing is known since then.
    /// </remarks>
    public async ValueTask<RemoteBase?> EarlierBaseAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            var hidden = _tombstones.FindNamedAsync(bucket, key, cancellationToken);
            var written = WrittenBaseAsync(bucket, key, cancellationToken);
            await Task.WhenAll(hidden, written);
            return (await hidden)?.Base ?? await written ?? ((await hidden) is { } tombstone ? UnknownSince(tombstone.Made) : null);
        }
        catch (S3Exception)
        {
            // The write itself may succeed.
            return UnknownSince(null);
        }
    }

    private async Task<RemoteBase?> WrittenBaseAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await _store.Calls.SendAsync(new WireRequest("HEAD", bucket, key), cancellationToken);
        return response.Status == 404 ? null
            : response.Status >= 300 ? UnknownSince(null)
            : HiddenBase.Read(bucket, key, response.Header(HiddenBase.Header))
                ?? UnknownSince(HttpDates.TryParseHeader(response.Header("Last-Modified"), out var date) ? date : null);
    }

    /// <summary>Nothing is known since a date of the store's clock. Without a date, the change may be of any age.</summary>
    private RemoteBase UnknownSince(DateTimeOffset? date) => RemoteBase.UnknownSince(
        date is { } known ? known - (_store.Calls.Now - _store.Time.GetUtcNow()) : DateTimeOffset.UnixEpoch);

    /// <inheritdoc/>
    /// <remarks>
    /// Up to a minute old; a second if several proxies share the endpoint. Never older than a change through this object.
    /// </remarks>
    public ValueTask<BucketState> ResolveBucketAsync(string bucket, CancellationToken cancellationToken) =>
        _memory.FindAsync(bucket, this, static (name, state) => state.LookUpAsync(name), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BucketState> ConfirmBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        if (!_store.IsAlone)
        {
            _memory.Forget(bucket);
        }

        return ResolveBucketAsync(bucket, cancellationToken);
    }

    /// <summary>Forgets a bucket that was created, deleted or missing at the endpoint.</summary>
    public void ForgetBucket(string bucket) => _memory.Forget(bucket);

    /// <summary>Checks that the store responds. Any response counts that is not its own failure.</summary>
    /// <param name="budget">The time for all attempts; null for the default.</param>
    /// <exception cref="Protocol.S3Exception">ServiceUnavailable if it does not respond.</exception>
    public async Task PingAsync(CancellationToken cancellationToken, TimeSpan? budget = null)
    {
        using var response = await _store.Calls.SendAsync(new WireRequest("HEAD", _store.CacheBucket), cancellationToken, budget);
    }

    /// <inheritdoc/>
    public ValueTask EnsureBucketAsync(string bucket, CancellationToken cancellationToken) =>
        new(_ensuring.RunAsync(bucket, cancellationToken));

    /// <inheritdoc/>
    /// <remarks>
    /// The local half is deleted first and the mark is written last, so that nothing has to be undone: an earlier mark would have to be
    /// removed if the bucket is not empty, perhaps with another proxy's. In between, clients see an empty bucket as before: the remote's
    /// keys stay hidden by their tombstones, which are in the cache bucket.
    /// </remarks>
    public async ValueTask DeleteBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        try
        {
            await _store.Buckets.DeleteAsync(bucket, cancellationToken);

            // From here on it completes even if the client disconnects.
            await _store.PutAsync(CacheNames.BucketMark(bucket), Mark.DeletedBucket(bucket).ToBody(), CancellationToken.None);
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
        return new StoreRows(new RemoteRows(ListingShare.Whole(new RemoteBucket(_store.Calls.Reads, bucket, ""), query), _logger, "local"));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDeletedAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        _tombstones.ListAsync(bucket, prefix, after, cancellationToken).Select(static tombstone => tombstone.Key);

    private async Task<bool> IsWrittenAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using var response = await _store.Calls.SendAsync(new WireRequest("HEAD", bucket, key), cancellationToken);
        if (response.Status < 300)
        {
            return true;
        }

        if (response.Status == 404)
        {
            return false;
        }

        // A HEAD has no document with the reason.
        using var explained = await _store.Calls.SendAsync(new WireRequest("GET", bucket, key, "", [new("Range", "bytes=0-0")]),
            cancellationToken);
        if (explained.Status is < 300 or 404 or 416)
        {
            return explained.Status != 404;
        }

        var error = await explained.ErrorAsync(cancellationToken);
        return ErrorCodes.IsEncrypted(error)
            || (ErrorCodes.IsAbsence(error.Code) ? false : throw await StoreCalls.RefusedAsync(explained, cancellationToken));
    }

    private async Task EnsureAsync(string bucket)
    {
        // Checked first: creating one's own bucket again resets its ACL at some stores.
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

    private async Task<BucketState> LookUpAsync(string bucket)
    {
        var exists = _store.Calls.BucketExistsAsync(bucket, CancellationToken.None);
        var isOpaque = _store.Calls.ExistsAsync(_store.CacheBucket, CacheNames.BucketMark(bucket), CancellationToken.None);
        await Task.WhenAll(exists, isOpaque);
        return new BucketState(await exists, await isOpaque);
    }
}
