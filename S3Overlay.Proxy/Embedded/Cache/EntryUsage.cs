namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>What one copy's file holds, and when it was last used, while that is newer than what the copy's row says.</summary>
internal sealed class EntryUsage(CacheLedger ledger, UInt128 file, string bucket, string key, long bytes, DateTimeOffset used)
{
    private readonly Lock _lock = new();
    private long _bytes = bytes;
    private long _used = used.UtcTicks;
    private int _isUnsaved;
    private bool _isGone;

    /// <summary>The file.</summary>
    public UInt128 File => file;

    /// <summary>Whose copy it is.</summary>
    public (string Bucket, string Key) Name => (bucket, key);

    /// <summary>How many bytes its whole blocks hold.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>When it was last used.</summary>
    public DateTimeOffset Used => new(Volatile.Read(ref _used), TimeSpan.Zero);

    /// <summary>How many times its file is open. For <see cref="CacheLedger"/>, under its lock.</summary>
    public int Files { get; set; }

    /// <summary>Whether its row says less.</summary>
    public bool IsUnsaved => Volatile.Read(ref _isUnsaved) != 0;

    /// <summary>The copy is used now.</summary>
    public void Use(DateTimeOffset now)
    {
        Volatile.Write(ref _used, now.UtcTicks);
        MustBeSaved();
    }

    /// <summary>Blocks became held, or are held no longer.</summary>
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

    /// <summary>Its file was closed.</summary>
    public void FileClosed() => ledger.Close(this);

    /// <summary>The row is about to be made to say what is known here.</summary>
    public void Saving() => Interlocked.Exchange(ref _isUnsaved, 0);

    /// <summary>The file is no longer the key's: what is written to it by those who have it open counts no more.</summary>
    /// <returns>What it held until now.</returns>
    public long Leave()
    {
        lock (_lock)
        {
            _isGone = true;
            return _bytes;
        }
    }

    /// <summary>The row does not say what is known here.</summary>
    public void MustBeSaved()
    {
        if (Volatile.Read(ref _isUnsaved) == 0 && Interlocked.Exchange(ref _isUnsaved, 1) == 0)
        {
            ledger.MustSave(this);
        }
    }
}
