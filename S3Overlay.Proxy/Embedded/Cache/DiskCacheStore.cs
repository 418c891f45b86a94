using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// The cache on the local disk: one sparse file per entry, found by a database. Any part can be deleted by hand at any time: a missing
/// file is a missing entry, and a missing or damaged database is made again from the files.
/// </summary>
/// <remarks>
/// The database is not synced. A row without a file is removed when it is found; files without a row are removed in the background after
/// the start.
/// </remarks>
public sealed class DiskCacheStore : ICacheStore, IAsyncDisposable
{
    private readonly FileStream _lock;
    private readonly CacheFolder _folder;
    private readonly CacheRows _rows;
    private readonly CacheLedger _ledger;
    private readonly CacheTable _table;
    private readonly CacheEviction _eviction;
    private readonly CacheSweep _sweep;
    private readonly Drafts _drafts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private DiskCacheStore(FileStream owner, CacheFolder folder, CacheRows rows, CacheLedger ledger, CacheTable table,
        CacheEviction eviction, CacheSweep sweep, long unwritten, TimeProvider time, ILogger logger)
    {
        (_lock, _folder, _rows, _ledger, _table, _eviction, _sweep, _time, _logger) =
            (owner, folder, rows, ledger, table, eviction, sweep, time, logger);
        _drafts = new Drafts(table, WriteAsync, unwritten, time, logger);
        _drafts.Start();
    }

    /// <summary>Cached bytes of remote objects, in complete blocks, without file-system overhead.</summary>
    public long Bytes => _ledger.Bytes + _drafts.CachedBytes;

    /// <summary>What is not evicted to make room; null for nothing.</summary>
    public CachePins? Pins { get; private init; }

    /// <summary>Number of entries evicted so far.</summary>
    public long Evictions => _eviction.Evicted;

    /// <inheritdoc/>
    public DateTimeOffset? LatestEvicted => _eviction.LatestUse;

    /// <summary>Completes when files without a row are removed; for tests.</summary>
    internal Task Cleaning => _sweep.Done;

    /// <summary>Completes when the cache is within its limit, or what exceeds it is in use; for tests.</summary>
    internal Task Evicting => WrittenAndEvictedAsync();

    /// <summary>How often eviction looked through the entries.</summary>
    internal long EvictionPasses => _eviction.Passes;

    /// <summary>Opens the cache in a folder, and creates it if missing.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="logger">Gets failures.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="maxBytes">The limit in bytes (rule E1); null for none.</param>
    /// <exception cref="FolderInUseException">Another process has it.</exception>
    public static DiskCacheStore Open(string directory, ILogger<DiskCacheStore> logger, TimeProvider? time = null, long? maxBytes = null) =>
        Open(directory, logger, time, maxBytes, new StoreDisk(isDurable: false), minFree: 0);

    /// <summary>
    /// The same on a given disk, which tests let fail: rows and file headers go through it, entries' bytes do not.
    /// <paramref name="minFree"/> is how many bytes of the disk stay free (rule E5); null for the default share. What
    /// <paramref name="pins"/> has is not evicted to make room. <paramref name="hot"/> keeps small entries in memory; null for none.
    /// <paramref name="unwritten"/> is how many bytes of small entries may wait in memory for their files.
    /// </summary>
    internal static DiskCacheStore Open(string directory, ILogger<DiskCacheStore> logger, TimeProvider? time, long? maxBytes,
        StoreDisk disk, long? minFree = 0, CachePins? pins = null, HotObjects? hot = null, long unwritten = 0)
    {
        time ??= TimeProvider.System;
        hot ??= new HotObjects(limit: 0);
        var folder = new CacheFolder(directory, disk, logger);
        var owner = folder.TakeLock();
        try
        {
            var rows = CacheRows.Open(folder, logger, disk);
            return Open(owner, folder, rows, logger, time, maxBytes, new FreeSpace(disk, directory, minFree), pins, hot, unwritten);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    private static DiskCacheStore Open(FileStream owner, CacheFolder folder, CacheRows rows, ILogger logger, TimeProvider time,
        long? maxBytes, FreeSpace room, CachePins? pins, HotObjects hot, long unwritten)
    {
        var ledger = new CacheLedger();
        var table = new CacheTable(folder, rows, ledger, hot, time, logger);
        var eviction = new CacheEviction(table, rows, ledger, maxBytes, room, pins, time, logger);
        var sweep = new CacheSweep(folder, rows, table, ledger, logger);
        (ledger.Grew, table.Released, table.Writes) = (eviction.Grew, eviction.Wake, eviction.RequireRoom);
        rows.Lost = () =>
        {
            table.ForgetAll();
            sweep.Begin();
        };
        pins?.Changed = eviction.FoundFull;
        eviction.Begin();
        sweep.Begin();
        return new DiskCacheStore(owner, folder, rows, ledger, table, eviction, sweep, unwritten, time, logger) { Pins = pins };
    }

    /// <inheritdoc/>
    public ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish, CancellationToken cancellationToken) =>
        (_drafts.TryUse(new ObjectName(bucket, key)) ?? _table.TryUse(bucket, key)) is { } cached ? new(cached)
            : LookUpAsync(bucket, key, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<ICacheEntry> CreateAsync(
        string bucket, string key, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt, CancellationToken cancellationToken)
    {
        _eviction.RequireRoom();
        var name = new ObjectName(bucket, key);
        if (await _drafts.TryCreateAsync(name, identity, info, validatedAt, cancellationToken) is { } draft)
        {
            return draft;
        }

        await _drafts.EvictAsync(name, null);
        var header = new CacheFileHeader(bucket, key, identity, info, validatedAt);
        return await Task.Run(() => CreateAsync(header, _time.GetUtcNow(), null, 0), cancellationToken);
    }

    /// <summary>Gives a draft its file, with all its bytes or none.</summary>
    private async Task<ICacheEntry?> WriteAsync(DraftEntry draft)
    {
        _eviction.RequireRoom();
        var whole = draft.Whole;
        var entry = await CreateAsync(draft.Header, draft.Used, whole, draft.Checksum);
        if (whole is not null)
        {
            entry.Keep(whole);
        }

        return entry;
    }

    /// <summary>Creates an entry's file and row. Waits for the disk.</summary>
    private async Task<CacheTable.EntryHandle> CreateAsync(CacheFileHeader header, DateTimeOffset used, byte[]? whole, uint checksum)
    {
        var id = CacheFolder.NewId();
        _table.Creating.TryAdd(id, true);
        try
        {
            var file = _folder.Create(id, header, whole, checksum);
            try
            {
                var info = header.Info;
                var entry = new CacheRows.Entry(id, info.Size, info.LastModified, info.ETag, used, whole?.Length ?? 0);
                return await _table.PublishAsync(header.Bucket, header.Key, entry, file);
            }
            catch
            {
                file.Dispose();
                File.Delete(file.Path);
                throw;
            }
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            _eviction.FoundFull();
            throw;
        }
        finally
        {
            _table.Creating.TryRemove(id, out _);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Rewrites the file's header, a few hundred bytes, without a sync: after a power cut the entry may be as old as before.
    /// </remarks>
    public async ValueTask RenewAsync(
        string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info, CancellationToken cancellationToken)
    {
        await _drafts.SettleAsync(new ObjectName(bucket, key), cancellationToken);
        using (await _table.LockAsync(bucket, key, cancellationToken))
        {
            if (await _rows.FindAsync(bucket, key) is not { } entry || entry.ETag != etag
                || await _table.OpenAsync(bucket, key, entry, cancellationToken) is not { } cached)
            {
                return;
            }

            await using (cached)
            {
                _table.ForgetHot(new ObjectName(bucket, key), cached.File);
                if (!cached.File.TryRenew(validatedAt, info)
                    && (info?.ButForChecksumsSince(cached.Info) is not { } without || !cached.File.TryRenew(validatedAt, without)))
                {
                    // The header has no room for this much metadata. Checksums alone are not worth losing the bytes.
                    await _table.ForgetAsync(bucket, key, entry);
                }
                else if (cached.Info.LastModified != entry.LastModified)
                {
                    await _rows.PutAsync(bucket, key, entry with { LastModified = cached.Info.LastModified });
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask EvictAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        await _drafts.EvictAsync(new ObjectName(bucket, key), onlyETag);
        if (!await _rows.HasAsync(bucket, key))
        {
            _table.ForgetOpen(bucket, key);
            return;
        }

        using (await _table.LockAsync(bucket, key, CancellationToken.None))
        {
            if (await _rows.FindAsync(bucket, key) is not { } entry || (onlyETag is not null && !ETags.Same(entry.ETag, onlyETag)))
            {
                return;
            }

            await _table.ForgetAsync(bucket, key, entry);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CacheRow> ListAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _drafts.SettleAsync(bucket, prefix, cancellationToken);
        await foreach (var row in _rows.ListAsync(bucket, prefix, after))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SettleAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await _drafts.SettleAsync(new ObjectName(bucket, key), cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask<RemoteBase?> KnownVersionAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            return _drafts.InfoOf(new ObjectName(bucket, key)) is { } draft ? Base(draft.ETag, draft.Size, draft.LastModified)
                : await _rows.FindAsync(bucket, key) is { } entry ? Base(entry.ETag, entry.Size, entry.LastModified) : null;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or ObjectDisposedException)
        {
            // A write must not fail for that.
            return null;
        }

        static RemoteBase Base(string etag, long size, DateTimeOffset date) => new(etag, size, HttpDates.WholeSeconds(date));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _drafts.SettleAsync(null, "", cancellationToken);
        foreach (var bucket in await _rows.ListBucketsAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return bucket;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<EntryUsage> ListUsagesAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _drafts.SettleAsync(bucket, prefix, cancellationToken);
        await foreach (var (key, entry) in _rows.ListEntriesAsync(bucket, prefix, after))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var known = _ledger.Find(entry.File);
            yield return new EntryUsage(key, entry.Size, known?.Bytes ?? entry.CachedBytes, known?.Used ?? entry.Used);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<EntryDetail?> DescribeAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await _drafts.SettleAsync(new ObjectName(bucket, key), cancellationToken);
        return await _rows.FindAsync(bucket, key) is { } entry ? await _table.DescribeAsync(bucket, key, entry) : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _drafts.DisposeAsync();
        await _sweep.DisposeAsync();
        await _eviction.DisposeAsync();
        _table.Dispose();
        try
        {
            await SaveAsync();
        }
        catch (IOException failure)
        {
            // Uses recorded since the last save are lost; the rows are closed all the same.
            Log.CacheCleaningFailed(_logger, failure);
        }
        finally
        {
            await _rows.DisposeAsync();
            await _lock.DisposeAsync();
        }
    }

    private async Task WrittenAndEvictedAsync()
    {
        await _drafts.SettleAsync(null, "", CancellationToken.None);
        await _eviction.Done;
    }

    private async ValueTask<ICacheEntry?> LookUpAsync(string bucket, string key, CancellationToken cancellationToken) =>
        await _rows.FindAsync(bucket, key) is null ? null : await _table.OpenAsync(bucket, key, cancellationToken);

    /// <summary>Evicts entries at once for a write that finds the disk full.</summary>
    /// <returns>True if any was evicted.</returns>
    internal bool GiveWay(long bytes) => _eviction.GiveWay(bytes);

    /// <summary>Brings rows up to date.</summary>
    /// <returns>True if any was not.</returns>
    internal Task<bool> SaveAsync() => _table.SaveAsync();
}
