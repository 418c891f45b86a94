using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>
/// Held copies on the local disk: a sparse file each, found by an index. All of it, or any part, can be deleted by hand at any time: a
/// missing file is a copy that is not held, a missing or damaged index an empty cache.
/// </summary>
/// <remarks>
/// The index is not synced either. A row whose file is not (or not yet) there is dropped when it is met; a file that no row names is
/// removed in the background after the start, which does not wait for it.
/// </remarks>
public sealed class HeldStore : IHeldStore, IAsyncDisposable
{
    private readonly HeldFolder _folder;
    private readonly OrderedIndex _index;
    private readonly ILogger _logger;
    private readonly OpenFiles<ObjectName, HeldFile> _open = new();
    private readonly NameLocks<ObjectName> _locks = new();
    private readonly HeldLedger _ledger;
    private readonly HeldEviction _eviction;
    private readonly HeldSweep _sweep;
    private readonly TimeProvider _time;

    private HeldStore(HeldFolder folder, OrderedIndex index, TimeProvider time, long? maxBytes, ILogger logger)
    {
        (_folder, _index, _time, _logger) = (folder, index, time, logger);
        _ledger = new HeldLedger(() => _eviction?.Grew());
        _eviction = new HeldEviction(this, index, _ledger, maxBytes, time, logger);
        _sweep = new HeldSweep(folder, index, RecountAsync, logger);
    }

    /// <summary>How many bytes of the remote's objects are held: of whole blocks, without what the file system adds.</summary>
    public long Bytes => _ledger.Bytes;

    /// <summary>How many copies were evicted so far.</summary>
    public long Evictions => _eviction.Evicted;

    /// <summary>Finishes once the files that no row names are gone. Nothing waits for it but tests.</summary>
    internal Task Cleaning => _sweep.Done;

    /// <summary>Finishes once no more than allowed is held, or what is more is in use. Nothing waits for it but tests.</summary>
    internal Task Evicting => _eviction.Done;

    /// <summary>Opens the cache in a folder, which is made where it is missing.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="maxBytes">How many bytes may be held (rule E1); null for any number.</param>
    /// <exception cref="IndexInUseException">Another process has it.</exception>
    public static HeldStore Open(string directory, ILogger<HeldStore> logger, TimeProvider? time = null, long? maxBytes = null)
    {
        var folder = new HeldFolder(directory);
        var options = new IndexOptions { Folder = folder.Index, Durable = false, FlushBytes = 4 << 20, Logger = logger };
        OrderedIndex index;
        try
        {
            index = OrderedIndex.Open(options);
        }
        catch (Exception failure) when (failure is IndexDamagedException or InvalidDataException)
        {
            Log.HeldIndexUnusable(logger, failure.Message);
            Directory.Delete(folder.Index, recursive: true);
            index = OrderedIndex.Open(options);
        }

        if (Directory.Exists(folder.OldIndex))
        {
            Directory.Delete(folder.OldIndex, recursive: true);
        }

        return new HeldStore(folder, index, time ?? TimeProvider.System, maxBytes, logger);
    }

    /// <inheritdoc/>
    public ValueTask<IHeldCopy?> FindAsync(string bucket, string key, HeldWish wish, CancellationToken cancellationToken)
    {
        if (_open.TryAcquire(new ObjectName(bucket, key)) is { } lease)
        {
            if (File.Exists(lease.File.Path))
            {
                return new(Use(lease));
            }

            // Deleted by hand.
            _open.Forget(lease);
            lease.Dispose();
        }

        return FindEntry(bucket, key) is null ? new((IHeldCopy?)null) : OpenAsync(bucket, key, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IHeldCopy> CreateAsync(
        string bucket, string key, HeldIdentity identity, ObjectInfo info, DateTimeOffset validatedAt, CancellationToken cancellationToken)
    {
        var header = new HeldHeader(bucket, key, identity, info, validatedAt);
        var id = NewId();
        _sweep.Spare(id);
        try
        {
            var file = await Task.Run(() => Make(_folder.PathOf(id), header), cancellationToken);
            try
            {
                return await PublishAsync(bucket, key, new HeldEntry(id, info.Size, info.LastModified, info.ETag, _time.GetUtcNow(), 0), file);
            }
            catch
            {
                file.Dispose();
                File.Delete(file.Path);
                throw;
            }
        }
        finally
        {
            _sweep.SpareNoMore(id);
        }
    }

    /// <inheritdoc/>
    /// <remarks>The file's header is written anew, a few hundred bytes, and nothing waits for the disk: after a power cut the copy may be as old as it was before.</remarks>
    public async ValueTask RenewAsync(
        string bucket, string key, string etag, DateTimeOffset validatedAt, ObjectInfo? info, CancellationToken cancellationToken)
    {
        using (await _locks.TakeAsync(new ObjectName(bucket, key), cancellationToken))
        {
            if (FindEntry(bucket, key) is not { } entry || entry.ETag != etag || await OpenHeldAsync(bucket, key, entry, cancellationToken) is not { } copy)
            {
                return;
            }

            await using (copy)
            {
                if (!copy.File.TryRenew(validatedAt, info))
                {
                    // There is no room for so much metadata before the bytes.
                    await ForgetAsync(bucket, key, entry);
                }
                else if (copy.Info.LastModified != entry.LastModified)
                {
                    var batch = new IndexBatch();
                    batch.Put(HeldEntry.KeyOf(bucket, key), (entry with { LastModified = copy.Info.LastModified }).ToBytes());
                    await _index.CommitAsync(batch);
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DropAsync(string bucket, string key, string? onlyETag, CancellationToken cancellationToken)
    {
        var name = HeldEntry.KeyOf(bucket, key);
        if (!_index.TryGet(name, out _))
        {
            return;
        }

        using (await _locks.TakeAsync(new ObjectName(bucket, key), CancellationToken.None))
        {
            if (!_index.TryGet(name, out var value))
            {
                return;
            }

            var entry = HeldEntry.Parse(value);
            if (onlyETag is not null && entry is { } held && !ETags.Same(held.ETag, onlyETag))
            {
                return;
            }

            await ForgetAsync(bucket, key, entry);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<HeldRow> ListAsync(
        string bucket, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        using var snapshot = _index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        var start = HeldEntry.KeyOf(bucket, prefix);
        var past = after.Length == 0 ? [] : HeldEntry.KeyOf(bucket, after);
        var found = cursor.Seek(past.AsSpan().SequenceCompareTo(start) > 0 ? past : start);
        for (; found && cursor.Key.StartsWith(start); found = cursor.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!cursor.Key.SequenceEqual(past) && RowAt(cursor, bucket) is { } row)
            {
                yield return row;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>One look-up a bucket: the cursor jumps behind the last key of each.</remarks>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        using var snapshot = _index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        for (var found = cursor.Seek(HeldEntry.First); found;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = cursor.Key[..cursor.Key.IndexOf((byte)0)].ToArray();
            found = cursor.Seek([.. name, 1]);
            yield return Encoding.UTF8.GetString(name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        await _eviction.DisposeAsync();
        _open.Dispose();
        await SaveAsync();
        await _index.DisposeAsync();
    }

    /// <summary>Brings rows up to what is known of their copies.</summary>
    /// <returns>Whether any was not.</returns>
    internal async Task<bool> SaveAsync()
    {
        var any = false;
        while (_ledger.NextUnsaved() is { } account)
        {
            any = true;
            var (bucket, key) = account.Name;
            using (await _locks.TakeAsync(new ObjectName(bucket, key), CancellationToken.None))
            {
                account.Saving();
                try
                {
                    if (FindEntry(bucket, key) is { } entry && entry.File == account.File)
                    {
                        await ReplaceAsync(bucket, key, entry, entry with { Used = account.Used, Held = account.Bytes });
                    }
                }
                catch
                {
                    account.MustBeSaved();
                    throw;
                }
            }

            _ledger.Saved(account);
        }

        return any;
    }

    /// <summary>Drops a copy, unless it is in use or was used since its row was written.</summary>
    /// <returns>Whether it was dropped.</returns>
    internal async Task<bool> TryEvictAsync(string bucket, string key, byte[] useKey)
    {
        using (await _locks.TakeAsync(new ObjectName(bucket, key), CancellationToken.None))
        {
            if (FindEntry(bucket, key) is not { } entry
                || !entry.UseKey.AsSpan().SequenceEqual(useKey)
                || _ledger.Find(entry.File)?.Used > entry.Used
                || !_open.TryForgetUnused(new ObjectName(bucket, key)))
            {
                return false;
            }

            await ForgetAsync(bucket, key, entry);
            return true;
        }
    }

    /// <summary>After the start: a row of which a crash took the last changes is made to say what its file holds.</summary>
    private async Task RecountAsync(string bucket, string key, UInt128 file, string path)
    {
        using (await _locks.TakeAsync(new ObjectName(bucket, key), CancellationToken.None))
        {
            // One that was opened since was counted then.
            if (_ledger.Find(file) is not null || FindEntry(bucket, key) is not { } entry || entry.File != file)
            {
                return;
            }

            try
            {
                var (_, bytes) = await Task.Run(() => HeldFile.Examine(path, _logger));
                if (bytes != entry.Held)
                {
                    await ReplaceAsync(bucket, key, entry, entry with { Held = bytes });
                    _ledger.Add(bytes - entry.Held);
                }
            }
            catch (InvalidDataException failure)
            {
                Log.HeldCopyUnusable(_logger, Path.GetFileName(path), failure.Message);
                await ForgetAsync(bucket, key, entry);
            }
        }
    }

    /// <summary>The caller has the key's lock.</summary>
    private ValueTask ReplaceAsync(string bucket, string key, HeldEntry before, HeldEntry entry)
    {
        var batch = new IndexBatch();
        var name = HeldEntry.KeyOf(bucket, key);
        batch.Delete(before.UseKey);
        batch.Put(entry.UseKey, name);
        batch.Put(name, entry.ToBytes());
        return _index.CommitAsync(batch);
    }

    private HeldLease Use(OpenFiles<ObjectName, HeldFile>.Lease lease)
    {
        lease.File.Account?.Use(_time.GetUtcNow());
        return new HeldLease(lease, _eviction);
    }

    private static HeldRow? RowAt(IndexCursor cursor, string bucket) =>
        HeldEntry.Parse(cursor.Value)?.ToRow(Encoding.UTF8.GetString(cursor.Key[(Encoding.UTF8.GetByteCount(bucket) + 1)..]));

    private static UInt128 NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    private async ValueTask<HeldLease> PublishAsync(string bucket, string key, HeldEntry entry, HeldFile file)
    {
        using (await _locks.TakeAsync(new ObjectName(bucket, key), CancellationToken.None))
        {
            var name = HeldEntry.KeyOf(bucket, key);
            var before = _index.TryGet(name, out var value) ? HeldEntry.Parse(value) : null;
            var batch = new IndexBatch();
            batch.Put(name, entry.ToBytes());
            batch.Put(entry.UseKey, name);
            if (before is { } replaced)
            {
                batch.Delete(replaced.UseKey);
            }

            await _index.CommitAsync(batch);
            file.Enter(_ledger, entry);
            var lease = _open.Put(new ObjectName(bucket, key), file);
            Delete(before);
            if (before is { } gone)
            {
                _ledger.RowGone(gone);
            }

            return new HeldLease(lease, _eviction);
        }
    }

    private HeldFile Make(string path, HeldHeader header)
    {
        try
        {
            return HeldFile.Create(path, header, _logger);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return HeldFile.Create(path, header, _logger);
        }
    }

    private HeldEntry? FindEntry(string bucket, string key) => _index.TryGet(HeldEntry.KeyOf(bucket, key), out var value) ? HeldEntry.Parse(value) : null;

    private async ValueTask<IHeldCopy?> OpenAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using (await _locks.TakeAsync(new ObjectName(bucket, key), CancellationToken.None))
        {
            return FindEntry(bucket, key) is { } entry ? await OpenHeldAsync(bucket, key, entry, cancellationToken) : null;
        }
    }

    /// <summary>Opens the copy that a key's row names; where it cannot be used, the row goes. The caller has the key's lock.</summary>
    private async ValueTask<HeldLease?> OpenHeldAsync(string bucket, string key, HeldEntry entry, CancellationToken cancellationToken)
    {
        if (_open.TryAcquire(new ObjectName(bucket, key)) is { } open)
        {
            return Use(open);
        }

        var path = _folder.PathOf(entry.File);
        try
        {
            var file = await Task.Run(() => HeldFile.Open(path, _logger), cancellationToken);
            if (file.Header.Bucket == bucket && file.Header.Key == key && file.Header.Info.ETag == entry.ETag)
            {
                file.Enter(_ledger, entry);
                return Use(_open.Put(new ObjectName(bucket, key), file));
            }

            file.Dispose();
            Log.HeldCopyUnusable(_logger, Path.GetFileName(path), "it is of another object");
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            // Deleted by hand: as if it had never been held.
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Log.HeldCopyUnusable(_logger, Path.GetFileName(path), failure.Message);
        }

        await ForgetAsync(bucket, key, entry);
        return null;
    }

    /// <summary>The caller has the key's lock. The file goes first: on a full disk that is what makes room, and a row without a file is nothing held.</summary>
    private async ValueTask ForgetAsync(string bucket, string key, HeldEntry? entry)
    {
        _open.Forget(new ObjectName(bucket, key));
        Delete(entry);
        var batch = new IndexBatch();
        batch.Delete(HeldEntry.KeyOf(bucket, key));
        if (entry is { } held)
        {
            batch.Delete(held.UseKey);
        }

        try
        {
            await _index.CommitAsync(batch);
        }
        catch (IOException failure)
        {
            Log.HeldCleaningFailed(_logger, failure);
            return;
        }

        if (entry is { } forgotten)
        {
            _ledger.RowGone(forgotten);
        }
    }

    private void Delete(HeldEntry? entry)
    {
        if (entry is not { } held)
        {
            return;
        }

        try
        {
            File.Delete(_folder.PathOf(held.File));
            _ledger.FileGone(held);
        }
        catch (DirectoryNotFoundException)
        {
            _ledger.FileGone(held);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The sweep after the next start removes it: no row names it.
            _ledger.FileGone(held);
            Log.HeldCleaningFailed(_logger, failure);
        }
    }
}
