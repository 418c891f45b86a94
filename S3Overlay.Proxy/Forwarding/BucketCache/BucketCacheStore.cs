using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Reading;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Rows;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache;

/// <summary>
/// Held copies in a bucket of local's S3 endpoint, which several proxies may share: all state is there. The layout is in
/// docs/storage-format.md.
/// </summary>
/// <remarks>
/// A fill runs into a file of the spool, which its readers follow, and into the store from there. A small copy is one object, read, checked
/// and told of in one call; a large one is a manifest and a chunk an object. Manifests read last are remembered, so that a chunk is one
/// call as well.
/// </remarks>
internal sealed class BucketCacheStore : ICacheStore, IAsyncDisposable
{
    /// <summary>Bytes of remembered manifests: ten thousand of them and more.</summary>
    private const long Remembered = 32L << 20;

    /// <summary>As long as most downloads of a large object take; less than the pause between two looks at how much is held.</summary>
    private static readonly TimeSpan OthersReadFor = TimeSpan.FromMinutes(5);

    private readonly SpoolFolder _spool;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LiveEntries _live = new(Remembered);
    private readonly NameLocks<ObjectName> _gates = new();
    private readonly BackgroundWork _work = new();
    private readonly EntryLoader _loader;
    private readonly EntryRemoval _removal;
    private readonly RemovalRetries _retries;
    private readonly EntryPublisher _publisher;
    private readonly CacheListing _listing;
    private readonly CachedBuckets _buckets;
    private readonly OrphanCollector _sweep;
    private readonly EntryRenewer _renewer;
    private readonly CacheBucketObjects _objects;
    private readonly EntryUses? _uses;
    private readonly EntryEviction? _eviction;

    /// <summary>Copies in a bucket, which is made when it is first written to.</summary>
    /// <param name="store">The store.</param>
    /// <param name="spool">Where fills run into.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="abilities">What the store can do, as far as is known; null for nothing.</param>
    public BucketCacheStore(LocalStore store, SpoolFolder spool, ILogger<BucketCacheStore> logger, Func<StoreCapabilities?>? abilities = null)
    {
        (_spool, _time, _logger) = (spool, store.Time, logger);
        var objects = _objects = new CacheBucketObjects(store, abilities);
        _listing = new CacheListing(objects);
        _buckets = new CachedBuckets(objects, _live);
        _sweep = new OrphanCollector(objects, _live, _time, logger);
        _removal = new EntryRemoval(objects, _live, _work, store.IsAlone ? TimeSpan.Zero : OthersReadFor, _time, logger);
        _retries = new RemovalRetries(_live, _work, _gates, _time);
        var rows = new EntryRows(objects, _removal);
        var manifests = new ManifestWriter(objects, _live, _work, rows, _removal, _gates, _time, logger);
        _publisher = new EntryPublisher(objects, _live, _work, rows, _removal, manifests, _gates, logger);
        var renewals = new EntryRenewals();
        _renewer = new EntryRenewer(objects, renewals, _live, manifests, rows, _removal, _work, _gates, logger);
        var chunks = new StoredChunks(objects, _time, logger);
        _loader = new EntryLoader(objects, _live, renewals, chunks, _publisher, spool, !store.IsAlone, store.Settings.LargestWhole, _time,
            logger);
        if (store.Settings.MaxBytes is { } bytes)
        {
            _uses = new EntryUses(objects, _work, _time, logger);
            _eviction = new EntryEviction(bytes, _uses, () => _publisher.UploadedBytes, TryEvictAsync, NameOfAsync, _time, logger);
            _eviction.Start();
        }
    }

    /// <summary>How many copies, and chunks of copies, were put into the store.</summary>
    public long Uploads => _publisher.Uploads;

    /// <summary>How many uploads failed.</summary>
    public long UploadFailures => _publisher.Failures;

    /// <summary>How often a fill found no room in the spool.</summary>
    public long SpoolRefusals => _spool.Refused;

    /// <summary>How many bytes copies take, about; null where there is no bound, and nobody looks.</summary>
    public long? Bytes => _eviction?.Bytes;

    /// <summary>How many copies this process has evicted.</summary>
    public long Evictions => _eviction?.Evicted ?? 0;

    /// <summary>How long the end waits for what is on its way to the store.</summary>
    internal TimeSpan ClosingPatience
    {
        init => _work.Timeout = value;
    }

    /// <summary>Takes out what is too much, as happens in the background.</summary>
    internal Task EvictAsync() => _eviction!.EvictAsync(CancellationToken.None);

    /// <summary>
    /// Finishes once nothing is on its way to the store or being taken out of it, but for manifests that wait for their time.
    /// </summary>
    /// <returns>Whether there are any.</returns>
    internal Task<bool> WhenIdleAsync() => _work.WhenIdleAsync();

    /// <summary>Removes what belongs to no copy, as happens in the background once a day.</summary>
    internal Task SweepAsync() => _sweep.RunAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        var copy = await FindAsync(name, wish, cancellationToken);
        if (copy is not null && wish.ReadsBytes)
        {
            _uses?.Note(name);
        }

        return copy;
    }

    private async ValueTask<ICacheEntry?> FindAsync(ObjectName name, LookupHint wish, CancellationToken cancellationToken)
    {
        try
        {
            if (_live.Use(name, out var isDropped) is not { } known)
            {
                return isDropped ? null : await _loader.LoadAsync(name, wish, cancellationToken);
            }

            var copy = await _loader.LeaseKnownAsync(known, wish, cancellationToken);
            if (copy is not null || !_live.TryForget(known))
            {
                return copy ?? _loader.Lease(known);
            }

            // What is remembered is not there, or names a chunk that is not: another process replaced or dropped the copy.
            _live.Release(known);
            return await _loader.LoadAsync(name, wish, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or S3Exception)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ICacheEntry> CreateAsync(string bucket, string key, EntryIdentity identity, ObjectInfo info,
        DateTimeOffset validatedAt, CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var record = new EntryRecord(new ObjectName(bucket, key), identity, info, validatedAt, Guid.NewGuid());
        if (!EntryNames.HasRow(record.Row))
        {
            throw new IOException("The object's ETag is too long to be listed.");
        }

        var layout = new ChunkLayout(info.Size, identity.ChunkSize);
        var isManifest = identity.ChunkSize > 0 || EntryHeaders.OfWhole(record) is null;
        var copy = new SharedEntry(record, new ChunkSet(layout.Count), isManifest, _spool, _logger);
        if (identity.ChunkSize == 0)
        {
            // Room for all of it or for none: a fill that ends in the middle would have been for nothing.
            copy.Reserve();
        }

        _renewer.ForgetBefore(record);
        if (_live.Replace(copy) is { IsManifest: true } before)
        {
            _removal.RemoveChunks(before.Name, before.Record.Fill);
        }

        if (info.Size == 0)
        {
            _publisher.Upload(copy, 0);
        }

        return _loader.Lease(copy);
    }

    /// <inheritdoc/>
    public ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
        CancellationToken cancellationToken)
    {
        _renewer.Renew(new EntryRenewal(new ObjectName(bucket, key), etag, validatedAt, info));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        var isOnItsWay = false;
        var removing = _work.RunAsync(
            token =>
            {
                // Its turn at the key is taken before anything is dropped: what is filled from then on is put once this is over.
                var turn = _gates.TakeAsync(name, token);
                var dropped = _live.Drop(name, onlyETag, out isOnItsWay);
                return RemoveAsync(name, onlyETag, dropped, turn, token);
            },
            CancellationToken.None);
        if (!isOnItsWay)
        {
            try
            {
                await removing.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!removing.IsCompleted)
            {
                // It goes on, and nobody is left to hear of it.
                _ = ToldAsync(removing);
                throw;
            }
        }
        else
        {
            // What is on its way is taken out when it has arrived, and not found until then. What was there before it goes with it.
            _ = ToldAsync(removing);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken)
    {
        var stored = _listing.ListAsync(bucket, prefix, after, cancellationToken);

        // What is known here is found by reads, whatever became of it in the store: it is compared as well.
        return stored.WithAsync(() => _live.Rows(bucket, prefix, after), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => _buckets.ListAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_eviction is not null)
        {
            await _eviction.DisposeAsync();
        }

        await _sweep.DisposeAsync();
        await _work.DisposeAsync();
    }

    private async Task RemoveAsync(ObjectName name, string? onlyETag, SharedEntry? dropped, ValueTask<NameLocks<ObjectName>.Held> turn,
        CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await turn;
            await RemoveAsync(name, onlyETag, cancellationToken);
        }
        catch when (dropped is not null)
        {
            // Whoever waits for the drop is told; nobody here finds the copy all the same.
            _retries.Start(dropped, again => RemoveAsync(name, onlyETag, again));
            throw;
        }

        if (dropped is not null)
        {
            _live.LetGoDropped(dropped);
        }
    }

    private async Task RemoveAsync(ObjectName name, string? onlyETag, CancellationToken cancellationToken)
    {
        await _removal.RemoveAsync(
            name, suffix => onlyETag is null || EntryNames.ParseSuffix(name.Key, suffix) is not { } row
                || ETags.Same(row.ETag, onlyETag), onlyETag is not null, cancellationToken);
        _live.Removed(name, onlyETag);
    }

    private async Task ToldAsync(Task removing)
    {
        try
        {
            await removing;
        }
        catch (Exception failure)
        {
            Log.HeldCleaningFailed(_logger, failure);
        }
    }

    private async Task<bool> TryEvictAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (_live.IsInUse(name))
        {
            return false;
        }

        await DropAsync(name.Bucket, name.Key, null, cancellationToken);
        return true;
    }

    private async ValueTask<ObjectName?> NameOfAsync(string tail, CancellationToken cancellationToken) =>
        EntryNames.NameOf(tail) ?? (await EntryHeaders.RecordOfAsync(_objects, EntryNames.Copies + tail, cancellationToken))?.Name;
}
