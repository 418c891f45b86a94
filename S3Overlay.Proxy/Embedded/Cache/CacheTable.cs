using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// Each key's entry: its row, its file, and the lock under which both change. A row without a file counts as not cached; a file without a
/// row belongs to no key.
/// </summary>
/// <param name="folder">The files.</param>
/// <param name="rows">The rows.</param>
/// <param name="ledger">Counts cached bytes, and knows what rows do not record yet.</param>
/// <param name="hot">Small entries in memory.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets failures.</param>
internal sealed class CacheTable(
    CacheFolder folder, CacheRows rows, CacheLedger ledger, HotObjects hot, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly OpenFiles<ObjectName, CacheFile> _open = new(hot.OpenFiles);
    private readonly NameLocks<ObjectName> _locks = new();

    private HotObjects Hot => hot;

    /// <summary>Called when a user releases an entry.</summary>
    public Action Released { get; set; } = static () => { };

    /// <summary>Called before anything is written to an entry. May throw to refuse it.</summary>
    public Action Writes { get; set; } = static () => { };

    /// <summary>Files that are being created and have no row yet.</summary>
    public ConcurrentDictionary<UInt128, bool> Creating { get; } = new();

    public ValueTask<NameLocks<ObjectName>.Held> LockAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _locks.TakeAsync(new ObjectName(bucket, key), cancellationToken);

    /// <summary>Shares a key's entry in memory, or its open one; null if there is none, or its file was deleted by hand.</summary>
    public ICacheEntry? TryUse(string bucket, string key)
    {
        var name = new ObjectName(bucket, key);
        if (hot.Find<HotEntry>(name) is { } inMemory)
        {
            if (inMemory.IsCurrent)
            {
                inMemory.Use(time.GetUtcNow());
                return inMemory;
            }

            // A reader kept it while it was evicted. Looking would keep it in memory for ever.
            hot.Forget(name);
        }

        if (_open.TryAcquire(name) is not { } lease)
        {
            return null;
        }

        if (File.Exists(lease.File.Path))
        {
            return Use(lease);
        }

        // Deleted by hand.
        _open.Forget(lease);
        lease.Dispose();
        return null;
    }

    /// <summary>True if a key has an entry with a file.</summary>
    public ValueTask<bool> HasAsync(ObjectName name) => rows.HasAsync(name.Bucket, name.Key);

    /// <summary>Opens a key's entry; null if there is no usable one.</summary>
    public async ValueTask<ICacheEntry?> OpenAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        using (await LockAsync(bucket, key, CancellationToken.None))
        {
            return await rows.FindAsync(bucket, key) is { } entry ? await OpenAsync(bucket, key, entry, cancellationToken) : null;
        }
    }

    /// <summary>Opens the entry named by a key's row; removes an unusable row. The caller has the key's lock.</summary>
    public async ValueTask<EntryHandle?> OpenAsync(string bucket, string key, CacheRows.Entry entry, CancellationToken cancellationToken)
    {
        if (_open.TryAcquire(new ObjectName(bucket, key)) is { } open)
        {
            return Use(open);
        }

        try
        {
            var file = await Task.Run(() => folder.Open(entry.File), cancellationToken);
            if (file.Header.Bucket == bucket && file.Header.Key == key && file.Header.Info.ETag == entry.ETag)
            {
                file.Enter(ledger, entry);
                return Use(_open.Put(new ObjectName(bucket, key), file));
            }

            file.Dispose();
            Log.CacheEntryUnusable(logger, CacheFolder.NameOf(entry.File), "it is of another object");
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            // Deleted by hand: as if it had never been cached.
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Log.CacheEntryUnusable(logger, CacheFolder.NameOf(entry.File), failure.Message);
        }

        await ForgetAsync(bucket, key, entry);
        return null;
    }

    /// <summary>What a key's entry is now, without using it; null if it cannot be read.</summary>
    public async ValueTask<EntryDetail?> DescribeAsync(string bucket, string key, CacheRows.Entry entry)
    {
        var used = ledger.Find(entry.File)?.Used ?? entry.Used;
        try
        {
            if (_open.TryAcquire(new ObjectName(bucket, key)) is { } open)
            {
                using (open)
                {
                    return Describe(open.File, key) with { Used = used };
                }
            }

            return await Task.Run(() =>
            {
                using var file = folder.Open(entry.File);
                return file.Header.Bucket == bucket && file.Header.Key == key ? Describe(file, key) with { Used = used } : null;
            });
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // The next read finds the same, and removes the row.
            return null;
        }
    }

    /// <summary>Makes a new file the entry of its key and replaces any other. Returns a handle for the caller.</summary>
    public async ValueTask<EntryHandle> PublishAsync(string bucket, string key, CacheRows.Entry entry, CacheFile file)
    {
        using (await LockAsync(bucket, key, CancellationToken.None))
        {
            var before = await rows.FindAsync(bucket, key);
            await rows.PutAsync(bucket, key, entry);
            ledger.Add(entry.CachedBytes);
            file.Enter(ledger, entry);
            var name = new ObjectName(bucket, key);
            var lease = _open.Put(name, file);
            ForgetHot(name);
            Delete(before);
            if (before is { } gone)
            {
                ledger.RowGone(gone);
            }

            return new EntryHandle(lease, this);
        }
    }

    /// <summary>The rows are lost: look-ups find no entry any more, not even an open one.</summary>
    public void ForgetAll()
    {
        _open.ForgetAll();
        hot.Clear();
        ledger.Clear();
    }

    /// <summary>A key without a row has no entry, though one may be open whose row was lost.</summary>
    public void ForgetOpen(string bucket, string key)
    {
        // In this order: what is kept in memory after the second step is of a file that is no longer current.
        var name = new ObjectName(bucket, key);
        _open.Forget(name);
        ForgetHot(name);
    }

    /// <summary>Forgets what is in memory of an entry, unless that has the header of <paramref name="current"/>.</summary>
    public void ForgetHot(ObjectName name, CacheFile? current = null)
    {
        if (hot.Find<HotEntry>(name) is { } inMemory && inMemory.File != current)
        {
            hot.Forget(name);
        }
    }

    /// <summary>
    /// Evicts a key's entry. The caller has the key's lock. The file goes first: that frees space on a full disk, and a row without a file
    /// counts as not cached.
    /// </summary>
    /// <returns>True if it counted as cached until now.</returns>
    public async ValueTask<bool> ForgetAsync(string bucket, string key, CacheRows.Entry? entry)
    {
        ForgetOpen(bucket, key);
        var isFreed = Delete(entry);
        try
        {
            await rows.RemoveAsync(bucket, key);
        }
        catch (IOException failure)
        {
            Log.CacheCleaningFailed(logger, failure);
            return isFreed;
        }

        if (entry is { } forgotten)
        {
            ledger.RowGone(forgotten);
        }

        return isFreed;
    }

    /// <summary>Evicts an entry, unless it is in use or was used since its row was written.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="use">Its place in the order of last use.</param>
    /// <param name="anyUse">True to evict it even if it was used since.</param>
    /// <returns>True if it was evicted; false also if only a row is left that a full disk keeps.</returns>
    public async Task<bool> TryEvictAsync(string bucket, string key, CacheRows.Use use, bool anyUse = false)
    {
        using (await LockAsync(bucket, key, CancellationToken.None))
        {
            // A write that needs the space may wait here, so this thread may wait for the disk.
            if (rows.Find(bucket, key) is not { } entry
                || entry.LastUse != use
                || (!anyUse && ledger.Find(entry.File)?.Used > entry.Used)
                || !_open.TryForgetUnused(new ObjectName(bucket, key)))
            {
                return false;
            }

            return await ForgetAsync(bucket, key, entry);
        }
    }

    /// <summary>Brings rows up to date.</summary>
    /// <returns>True if any was not.</returns>
    public async Task<bool> SaveAsync()
    {
        var any = false;

        // Hits may be faster than rows are written: what is used again by then is for the next time.
        for (var left = ledger.Unsaved; left > 0 && ledger.NextUnsaved() is { } account; left--)
        {
            any = true;
            var (bucket, key) = account.Name;
            using (await LockAsync(bucket, key, CancellationToken.None))
            {
                account.Saving();
                try
                {
                    if (await rows.FindAsync(bucket, key) is { } entry && entry.File == account.File)
                    {
                        await rows.PutAsync(bucket, key, entry with { Used = account.Used, CachedBytes = account.Bytes });
                    }
                }
                catch
                {
                    account.MustBeSaved();
                    throw;
                }
            }

            ledger.Saved(account);
        }

        return any;
    }

    /// <inheritdoc/>
    public void Dispose() => _open.Dispose();

    private static EntryDetail Describe(CacheFile file, string key) =>
        EntryDetail.Of(key, file.Header.Identity, file.Header.Info, file.Header.ValidatedAt, file.FirstCached);

    private EntryHandle Use(OpenFiles<ObjectName, CacheFile>.Lease lease)
    {
        lease.File.Account?.Use(time.GetUtcNow());
        return new EntryHandle(lease, this);
    }

    /// <returns>True if it counted as cached until now.</returns>
    private bool Delete(CacheRows.Entry? entry)
    {
        if (entry is not { } cached)
        {
            return false;
        }

        folder.Delete(cached.File);
        return ledger.FileGone(cached);
    }

    /// <summary>One user's reference to an entry's file.</summary>
    public sealed class EntryHandle(OpenFiles<ObjectName, CacheFile>.Lease lease, CacheTable table) : ICacheEntry
    {
        private readonly CacheFile _file = lease.File;
        private int _disposed;

        public CacheFile File => _file;

        /// <inheritdoc/>
        public EntryIdentity Identity => _file.Header.Identity;

        /// <inheritdoc/>
        public ObjectInfo Info => _file.Header.Info;

        /// <inheritdoc/>
        public DateTimeOffset ValidatedAt => _file.Header.ValidatedAt;

        /// <inheritdoc/>
        public bool IsCurrent => lease.IsCurrent;

        /// <inheritdoc/>
        public ByteRange? FirstCached(long position) => _file.FirstCached(position);

        /// <inheritdoc/>
        public bool HasBytes => _file.HasBytes;

        /// <inheritdoc/>
        public IEntryReader Read(ByteRange range) => new Reader(this, range);

        /// <summary>On the thread pool: a slow disk makes writers wait, and the caller may be a socket's thread.</summary>
        public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            new(Task.Run(
                () =>
                {
                    table.Writes();
                    _file.Write(position, bytes.Span);
                },
                cancellationToken));

        /// <summary>Nothing left to do: a block counts as cached once it is written.</summary>
        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                lease.Dispose();
                table.Released();
            }

            return ValueTask.CompletedTask;
        }

        /// <summary>Keeps the entry in memory if it is small. These are all its bytes, which were checked.</summary>
        public void Keep(byte[] bytes)
        {
            if (table.Hot.Admits(bytes.Length) && IsCurrent && _file.Account is { } account)
            {
                account.Hold();
                table.Hot.Keep(lease.Name, new HotEntry(_file, lease, account, bytes));
            }
        }

        private void Keep(long position, ReadOnlySpan<byte> bytes)
        {
            if (position == 0 && bytes.Length == Info.Size && Identity.ChunkSize == 0 && table.Hot.Admits(bytes.Length))
            {
                Keep(bytes.ToArray());
            }
        }

        private sealed class Reader(EntryHandle entry, ByteRange range) : IEntryReader
        {
            private long _position = range.First;

            /// <inheritdoc/>
            public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
            {
                var wanted = (int)Math.Min(buffer.Length, range.Last + 1 - _position);
                if (wanted <= 0)
                {
                    return 0;
                }

                var read = await entry._file.ReadAsync(_position, buffer[..wanted], cancellationToken);
                entry.Keep(_position, buffer.Span[..read]);
                _position += read;
                return read;
            }

            /// <inheritdoc/>
            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
