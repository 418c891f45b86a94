namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>What one entry's file contains and when it was last used, as far as that is newer than its row.</summary>
internal sealed class EntryUsage(CacheLedger ledger, UInt128 file, string bucket, string key, long bytes, DateTimeOffset used)
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

    /// <summary>How many times its file is open. For <see cref="CacheLedger"/>, under its lock.</summary>
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
