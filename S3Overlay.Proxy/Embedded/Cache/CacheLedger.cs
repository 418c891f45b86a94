using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>Counts the cached bytes exactly, and knows which rows are out of date. In memory: hits write nothing.</summary>
/// <param name="grew">Called after the cache has grown.</param>
internal sealed class CacheLedger(Action grew)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, EntryUsage> _accounts = [];
    private readonly ConcurrentQueue<EntryUsage> _unsaved = new();

    /// <summary>Removed files that still have rows.</summary>
    private readonly HashSet<UInt128> _gone = [];
    private long _bytes;

    /// <summary>Cached bytes of remote objects.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long change)
    {
        Interlocked.Add(ref _bytes, change);
        if (change > 0)
        {
            grew();
        }
    }

    /// <summary>How often all rows were lost.</summary>
    public int Losses { get; private set; }

    /// <summary>Adds bytes counted from rows at the start, unless the rows were lost since.</summary>
    public void AddCounted(long bytes, int losses)
    {
        lock (_lock)
        {
            if (losses == Losses)
            {
                Interlocked.Add(ref _bytes, bytes);
            }
        }
    }

    /// <summary>All rows, and with them all entries, are lost.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            Losses++;
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
    public EntryUsage Open(IndexedEntry entry, string bucket, string key, long bytes)
    {
        EntryUsage? account;
        lock (_lock)
        {
            if (!_accounts.TryGetValue(entry.File, out account))
            {
                _accounts.Add(entry.File, account = new EntryUsage(this, entry.File, bucket, key, entry.CachedBytes, entry.Used));
            }

            account.Files++;
        }

        if (bytes != account.Bytes)
        {
            account.Add(bytes - account.Bytes);
        }

        return account;
    }

    /// <summary>An entry's file was closed.</summary>
    public void Close(EntryUsage account)
    {
        lock (_lock)
        {
            account.Files--;
            Settle(account);
        }
    }

    /// <summary>An entry's file is removed and no longer counts. Its row may stay for a while if the index cannot be written.</summary>
    /// <returns>True if it counted until now.</returns>
    public bool FileGone(IndexedEntry entry)
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
    public void RowGone(IndexedEntry entry)
    {
        lock (_lock)
        {
            _gone.Remove(entry.File);
        }
    }

    /// <summary>What is known beyond the row; null for nothing.</summary>
    public EntryUsage? Find(UInt128 file)
    {
        lock (_lock)
        {
            return _accounts.GetValueOrDefault(file);
        }
    }

    public void MustSave(EntryUsage account) => _unsaved.Enqueue(account);

    /// <summary>The next usage that is newer than its row; null for none.</summary>
    public EntryUsage? NextUnsaved() => _unsaved.TryDequeue(out var account) ? account : null;

    public void Saved(EntryUsage account)
    {
        lock (_lock)
        {
            Settle(account);
        }
    }

    private void Settle(EntryUsage account)
    {
        if (account is { Files: 0, IsUnsaved: false } && _accounts.GetValueOrDefault(account.File) == account)
        {
            _accounts.Remove(account.File);
        }
    }
}
