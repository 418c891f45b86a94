using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Reading;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache;

/// <summary>
/// Cache entries in a bucket of the local S3 endpoint. All state is there, so several proxies can share it. The layout is in
/// docs/storage-format.md.
/// </summary>
/// <remarks>
/// A fill is written to a spool file, which its readers follow, and from there to the store. A small entry is one object, which one call
/// reads and verifies. A large entry is a manifest and one object per chunk. Recently read manifests stay in memory, so that a chunk is one
/// call as well.
/// </remarks>
internal sealed class BucketCacheStore : ICacheStore, IAsyncDisposable
{
    /// <summary>The most bytes of manifests in memory: over ten thousand of them.</summary>
    private const long Remembered = 32L << 20;

    /// <summary>Longer than most downloads of a large object; shorter than the pause between two scans of the cache bucket.</summary>
    private static readonly TimeSpan OthersReadFor = TimeSpan.FromMinutes(5);

    private readonly SpoolFolder _spool;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _largestWhole;
    private readonly LiveEntries _live = new(Remembered);
    private readonly NameLocks<ObjectName> _gates = new();
    private readonly BackgroundWork _work = new();
    private readonly EntryLoader _loader;
    private readonly EntryRemoval _removal;
    private readonly RemovalRetries _retries;
    private readonly EntryPublisher _publisher;
    private readonly CacheListing _listing;
    private readonly OrphanCollector _sweep;
    private readonly EntryRenewer _renewer;
    private readonly CacheBucketObjects _objects;
    private readonly EntryUses? _uses;
    private readonly EntryEviction? _eviction;

    /// <summary>A cache in a bucket, which is created with the first write.</summary>
    /// <param name="spool">Buffers fills.</param>
    /// <param name="abilities">The store's capabilities; null while unknown.</param>
    public BucketCacheStore(LocalStore store, SpoolFolder spool, ILogger<BucketCacheStore> logger,
        Func<StoreCapabilities?>? abilities = null)
    {
        Pins = new CachePins(new PinObject(new CacheBucketObjects(store, abilities)));
        (_spool, _time, _logger, _largestWhole) = (spool, store.Time, logger, store.Settings.LargestWhole);
        var objects = _objects = new CacheBucketObjects(store, abilities);
        _listing = new CacheListing(objects, _live);
        _sweep = new OrphanCollector(objects, _live, _time, logger);
        _removal = new EntryRemoval(objects, _live, _work, store.IsAlone ? TimeSpan.Zero : OthersReadFor, _time, logger);
        _retries = new RemovalRetries(_live, _work, _gates, _time);
        var rows = new EntryRows(objects, _removal);
        var manifests = new ManifestWriter(objects, _live, _work, rows, _removal, _gates, _time, logger);
        _publisher = new EntryPublisher(objects, _live, _work, rows, _removal, manifests, spool, _gates, _time, logger);
        var renewals = new EntryRenewals();
        _renewer = new EntryRenewer(objects, renewals, _live, manifests, rows, _removal, _work, _gates, logger);
        var chunks = new StoredChunks(objects, _time, logger);
        _loader = new EntryLoader(objects, _live, renewals, chunks, _publisher, spool, !store.IsAlone, store.Settings.LargestWhole, _time,
            logger);
        if (store.Settings.MaxBytes is { } bytes)
        {
            _uses = new EntryUses(objects, _work, _time, logger);
            _eviction = new EntryEviction(
                bytes, _uses, Pins, () => _publisher.UploadedBytes, TryEvictAsync, NameOfAsync, _time, logger);
            _eviction.Start();
        }
    }

    /// <summary>What is not evicted to make room.</summary>
    public CachePins Pins { get; }

    /// <summary>How many entries and chunks were uploaded.</summary>
    public long Uploads => _publisher.Uploads;

    public long UploadFailures => _publisher.Failures;

    /// <summary>How often the spool was full for a fill.</summary>
    public long SpoolRefusals => _spool.Refused;

    /// <summary>The approximate size of the cache; null without a limit.</summary>
    public long? Bytes => _eviction?.Bytes;

    /// <summary>True if the pins in the bucket could not be understood when they were last read.</summary>
    public bool ArePinsDamaged => _eviction?.ArePinsDamaged ?? false;

    /// <summary>How many entries this process has evicted.</summary>
    public long Evictions => _eviction?.Evicted ?? 0;

    /// <summary>How long disposal waits for uploads.</summary>
    internal TimeSpan ClosingPatience
    {
        init => _work.Timeout = value;
    }

    /// <summary>Evicts down to the limit, as the background task does.</summary>
    internal Task EvictAsync() => _eviction!.EvictAsync(CancellationToken.None);

    /// <summary>Completes once no upload or removal is running, except manifests that wait for their turn.</summary>
    /// <returns>True if manifests are waiting.</returns>
    internal Task<bool> WhenIdleAsync() => _work.WhenIdleAsync();

    /// <summary>Removes orphans, as the background task does once a day.</summary>
    internal Task SweepAsync() => _sweep.RunAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        var entry = await FindAsync(name, wish, cancellationToken);
        if (entry is not null && wish.ReadsBytes)
        {
            _uses?.Note(name);
        }

        return entry;
    }

    private async ValueTask<ICacheEntry?> FindAsync(ObjectName name, LookupHint wish, CancellationToken cancellationToken)
    {
        try
        {
            if (_live.Use(name, out var isEvicted) is not { } known)
            {
                return isEvicted ? null : await _loader.LoadAsync(name, wish, cancellationToken);
            }

            var entry = await _loader.LeaseKnownAsync(known, wish, cancellationToken);
            if (entry is not null || !_live.TryForget(known))
            {
                return entry ?? _loader.Lease(known);
            }

            // The remembered manifest is gone, or names a missing chunk: another process replaced or evicted the entry.
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
        var entry = new SharedEntry(record, new NumberSet(layout.Count), isManifest, _spool, _logger);
        if (identity.ChunkSize == 0)
        {
            // Space for the whole object or none: a fill that stops halfway would be useless.
            entry.Reserve();
        }

        _renewer.ForgetBefore(record);
        if (_live.Replace(entry) is { IsManifest: true } before)
        {
            _removal.RemoveChunks(before.Name, before.Record.Fill);
        }

        if (info.Size == 0)
        {
            _publisher.Upload(entry, new ChunkDue(0, null));
        }

        return _loader.Lease(entry);
    }

    /// <inheritdoc/>
    public ValueTask RenewAsync(string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info,
        CancellationToken cancellationToken)
    {
        _renewer.Renew(new EntryRenewal(new ObjectName(bucket, key), etag, validatedAt, info));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        var name = new ObjectName(bucket, key);
        var isOnItsWay = false;
        var removing = _work.RunAsync(
            token =>
            {
                // Take the key's turn before evicting: later fills are uploaded after this.
                var turn = _gates.TakeAsync(name, token);
                var evicted = _live.Evict(name, onlyETag, out isOnItsWay);
                return RemoveAsync(name, onlyETag, evicted, turn, token);
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
                // The removal continues; its outcome is only logged.
                _ = ToldAsync(removing);
                throw;
            }
        }
        else
        {
            // An upload in progress is removed when it has arrived, and is not found until then. What was there before is removed with it.
            _ = ToldAsync(removing);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CacheRow> ListAsync(string bucket, string prefix, string after, CancellationToken cancellationToken) =>
        _listing.ListAsync(bucket, prefix, after, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken) => _listing.ListBucketsAsync(cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Does not wait for manifests, nor for blocks of incomplete chunks: more of these may come.</remarks>
    public async ValueTask<bool> SettleAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _live.Find(new ObjectName(bucket, key)) is not { } entry || await entry.WhenStoredAsync(cancellationToken);

    /// <inheritdoc/>
    public bool MayHaveRoomLater => true;

    /// <inheritdoc/>
    /// <remarks>Two listings walked in step. Uses are known only with a limit of the cache's size.</remarks>
    public async IAsyncEnumerable<EntryUsage> ListUsagesAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var uses = _uses?.WalkOf(bucket, prefix, cancellationToken);
        await foreach (var row in ListAsync(bucket, prefix, after, cancellationToken))
        {
            var used = uses is null ? null : await uses.SeekAsync(EntryNames.Use(new ObjectName(bucket, row.Key)));
            yield return new EntryUsage(row.Key, row.Size, row.Size <= _largestWhole ? row.Size : null, used);
        }
    }

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

    private async Task RemoveAsync(ObjectName name, string? onlyETag, SharedEntry? evicted, ValueTask<NameLocks<ObjectName>.Held> turn,
        CancellationToken cancellationToken)
    {
        try
        {
            using var gate = await turn;
            await RemoveAsync(name, onlyETag, cancellationToken);
        }
        catch when (evicted is not null)
        {
            // The caller gets the error. The entry is not found here any more in any case.
            _retries.Start(evicted, again => RemoveAsync(name, onlyETag, again));
            throw;
        }

        if (evicted is not null)
        {
            _live.EndWork(evicted, isEviction: true);
        }
    }

    private async Task RemoveAsync(ObjectName name, string? onlyETag, CancellationToken cancellationToken)
    {
        await _removal.RemoveAsync(name, suffix => onlyETag is null || EntryNames.ParseSuffix(name.Key, suffix) is not { } row
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
            Log.CacheCleaningFailed(_logger, failure);
        }
    }

    private async Task<bool> TryEvictAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (_live.IsInUse(name))
        {
            return false;
        }

        await EvictAsync(name.Bucket, name.Key, null, cancellationToken);
        return true;
    }

    private async ValueTask<ObjectName?> NameOfAsync(string tail, CancellationToken cancellationToken) =>
        EntryNames.NameOf(tail) ?? (await EntryHeaders.RecordOfAsync(_objects, EntryNames.Entries + tail, cancellationToken))?.Name;
}
