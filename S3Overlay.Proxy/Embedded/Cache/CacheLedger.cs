using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>Counts the cached bytes exactly, and knows which rows are out of date. In memory: hits write nothing.</summary>
internal sealed class CacheLedger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, Usage> _accounts = [];
    private readonly ConcurrentQueue<Usage> _unsaved = new();

    /// <summary>Removed files that still have rows.</summary>
    private readonly HashSet<UInt128> _gone = [];
    private long _bytes;

    /// <summary>Called after the cache has grown.</summary>
    public Action Grew { get; set; } = static () => { };

    /// <summary>Cached bytes of remote objects.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long change)
    {
        Interlocked.Add(ref _bytes, change);
        if (change > 0)
        {
            Grew();
        }
    }

    /// <summary>All rows, and with them all entries, are lost.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            foreach (var account in _accounts.Values)
            {
                account.Leave();
            }

            _accounts.Clear();
            _gone.Clear();
            Interlocked.Exchange(ref _bytes, 0);
        }
    }

    /// <summary>A file without a row was removed. It may have been opened while its row was lost.</summary>
    public void Forget(UInt128 file)
    {
        lock (_lock)
        {
            if (_accounts.Remove(file, out var account))
            {
                Interlocked.Add(ref _bytes, -account.Leave());
            }
        }
    }

    /// <summary>An entry's file was opened. <paramref name="bytes"/> is what it really contains.</summary>
    public Usage Open(CacheRows.Entry entry, string bucket, string key, long bytes)
    {
        Usage? account;
        lock (_lock)
        {
            if (!_accounts.TryGetValue(entry.File, out account))
            {
                _accounts.Add(entry.File, account = new Usage(this, entry.File, bucket, key, entry.CachedBytes, entry.Used));
            }

            account.Files++;
        }

        if (bytes != account.Bytes)
        {
            account.Add(bytes - account.Bytes);
        }

        return account;
    }

    /// <summary>An entry's bytes are kept in memory: its uses count although its file may be closed.</summary>
    public void Hold(Usage account)
    {
        lock (_lock)
        {
            account.Files++;
        }
    }

    /// <summary>An entry's file was closed, or its bytes are no longer in memory.</summary>
    public void Close(Usage account)
    {
        lock (_lock)
        {
            account.Files--;
            Settle(account);
        }
    }

    /// <summary>An entry's file is removed and no longer counts. Its row may stay for a while if the database cannot be written.</summary>
    /// <returns>True if it counted until now.</returns>
    public bool FileGone(CacheRows.Entry entry)
    {
        lock (_lock)
        {
            if (!_gone.Add(entry.File))
            {
                return false;
            }

            var bytes = _accounts.Remove(entry.File, out var account) ? account.Leave() : entry.CachedBytes;
            Interlocked.Add(ref _bytes, -bytes);
            return true;
        }
    }

    /// <summary>The row of a removed entry is gone too.</summary>
    public void RowGone(CacheRows.Entry entry)
    {
        lock (_lock)
        {
            _gone.Remove(entry.File);
        }
    }

    /// <summary>What is known beyond the row; null for nothing.</summary>
    public Usage? Find(UInt128 file)
    {
        lock (_lock)
        {
            return _accounts.GetValueOrDefault(file);
        }
    }

    public void MustSave(Usage account) => _unsaved.Enqueue(account);

    /// <summary>How many usages may be newer than their rows.</summary>
    public int Unsaved => _unsaved.Count;

    /// <summary>The next usage that is newer than its row; null for none.</summary>
    public Usage? NextUnsaved() => _unsaved.TryDequeue(out var account) ? account : null;

    public void Saved(Usage account)
    {
        lock (_lock)
        {
            Settle(account);
        }
    }

    private void Settle(Usage account)
    {
        if (account is { Files: 0, IsUnsaved: false } && _accounts.GetValueOrDefault(account.File) == account)
        {
            _accounts.Remove(account.File);
        }
    }

    /// <summary>What one entry's file contains and when it was last used, as far as that is newer than its row.</summary>
    internal sealed class Usage(CacheLedger ledger, UInt128 file, string bucket, string key, long bytes, DateTimeOffset used)
    {
        private readonly Lock _lock = new();
        private long _bytes = bytes;
        private long _used = used.UtcTicks;
        private int _isUnsaved;
        private bool _isGone;

        public UInt128 File => file;

        public (string Bucket, string Key) Name => (bucket, key);

        /// <summary>Bytes in its complete blocks.</summary>
        public long Bytes => Volatile.Read(ref _bytes);

        public DateTimeOffset Used => new(Volatile.Read(ref _used), TimeSpan.Zero);

        /// <summary>How many times its file is open, or its bytes in memory. For <see cref="CacheLedger"/>, under its lock.</summary>
        public int Files { get; set; }

        /// <summary>True if the row is out of date.</summary>
        public bool IsUnsaved => Volatile.Read(ref _isUnsaved) != 0;

        public void Use(DateTimeOffset now)
        {
            Volatile.Write(ref _used, now.UtcTicks);
            MustBeSaved();
        }

        public void Add(long change)
        {
            lock (_lock)
            {
                if (_isGone)
                {
                    return;
                }

                _bytes += change;
            }

            ledger.Add(change);
            MustBeSaved();
        }

        public void Hold() => ledger.Hold(this);

        public void FileClosed() => ledger.Close(this);

        /// <summary>The row is about to be brought up to date.</summary>
        public void Saving() => Interlocked.Exchange(ref _isUnsaved, 0);

        /// <summary>The file is no longer the key's: what its users still write does not count.</summary>
        /// <returns>The bytes it contained until now.</returns>
        public long Leave()
        {
            lock (_lock)
            {
                _isGone = true;
                return _bytes;
            }
        }

        /// <summary>The row is out of date.</summary>
        public void MustBeSaved()
        {
            if (Volatile.Read(ref _isUnsaved) == 0 && Interlocked.Exchange(ref _isUnsaved, 1) == 0)
            {
                ledger.MustSave(this);
            }
        }
    }
}
