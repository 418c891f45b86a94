using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// How many bytes are held, exactly, and which copies' rows do not yet say what they hold or when they were used. In memory: hits write
/// nothing.
/// </summary>
/// <param name="grew">Told whenever more is held than before.</param>
internal sealed class CacheLedger(Action grew)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, EntryUsage> _accounts = [];
    private readonly ConcurrentQueue<EntryUsage> _unsaved = new();

    /// <summary>Removed files whose rows are not.</summary>
    private readonly HashSet<UInt128> _gone = [];
    private long _bytes;

    /// <summary>How many bytes of the remote's objects are held.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Held bytes came, or went.</summary>
    public void Add(long change)
    {
        Interlocked.Add(ref _bytes, change);
        if (change > 0)
        {
            grew();
        }
    }

    /// <summary>How often everything was lost.</summary>
    public int Losses { get; private set; }

    /// <summary>What rows said at the start counts, unless they were lost since.</summary>
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

    /// <summary>The rows are lost, and with them all copies.</summary>
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

    /// <summary>A copy's file was opened.</summary>
    /// <param name="entry">Its row.</param>
    /// <param name="bucket">Whose copy it is.</param>
    /// <param name="key">Whose copy it is.</param>
    /// <param name="bytes">What it really holds.</param>
    public EntryUsage Open(IndexedEntry entry, string bucket, string key, long bytes)
    {
        EntryUsage? account;
        lock (_lock)
        {
            if (!_accounts.TryGetValue(entry.File, out account))
            {
                _accounts.Add(entry.File, account = new EntryUsage(this, entry.File, bucket, key, entry.Held, entry.Used));
            }

            account.Files++;
        }

        if (bytes != account.Bytes)
        {
            account.Add(bytes - account.Bytes);
        }

        return account;
    }

    /// <summary>A copy's file was closed.</summary>
    public void Close(EntryUsage account)
    {
        lock (_lock)
        {
            account.Files--;
            Settle(account);
        }
    }

    /// <summary>A copy's file is removed. Its row may stay for a while, where the index cannot be written: it counts no more.</summary>
    /// <returns>Whether it counted until now.</returns>
    public bool FileGone(IndexedEntry entry)
    {
        lock (_lock)
        {
            if (!_gone.Add(entry.File))
            {
                return false;
            }

            var bytes = _accounts.Remove(entry.File, out var account) ? account.Leave() : entry.Held;
            Interlocked.Add(ref _bytes, -bytes);
            return true;
        }
    }

    /// <summary>The row of a removed copy is gone, too.</summary>
    public void RowGone(IndexedEntry entry)
    {
        lock (_lock)
        {
            _gone.Remove(entry.File);
        }
    }

    /// <summary>What is known of a file beyond its row; null where that is all.</summary>
    public EntryUsage? Find(UInt128 file)
    {
        lock (_lock)
        {
            return _accounts.GetValueOrDefault(file);
        }
    }

    /// <summary>An account is newer than its row.</summary>
    public void MustSave(EntryUsage account) => _unsaved.Enqueue(account);

    /// <summary>The next account that is newer than its row; null for none.</summary>
    public EntryUsage? NextUnsaved() => _unsaved.TryDequeue(out var account) ? account : null;

    /// <summary>An account's row says what is known by now.</summary>
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
