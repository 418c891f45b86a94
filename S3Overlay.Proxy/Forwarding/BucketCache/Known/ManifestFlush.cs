using S3Overlay.Proxy.Forwarding.BucketCache.Format;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>What of one copy's manifest is still to be written, and whether somebody writes it: one at a time.</summary>
internal sealed class ManifestFlush
{
    private readonly Lock _lock = new();
    private bool _isDirty;
    private bool _isFlushing;

    /// <summary>The record that the store has, or had, in its manifest; null while there is none. The writer's own.</summary>
    public EntryRecord? Stored { get; set; }

    /// <summary>When its row was put by this process, by the store's clock; a time long ago for never. The writer's own.</summary>
    public DateTimeOffset ListedAt { get; set; }

    /// <summary>
    /// When it was last written, or could not be, as the clock's timestamp: the time of day may be set back. Null for never. The writer's
    /// own.
    /// </summary>
    public long? FlushedAt { get; set; }

    /// <summary>There is something that it does not say yet: a chunk was stored, or more is known of the object.</summary>
    public void MarkChanged()
    {
        lock (_lock)
        {
            _isDirty = true;
        }
    }

    /// <summary>What it is to say has been read: what changes from now on is for the next time.</summary>
    public void Begun()
    {
        lock (_lock)
        {
            _isDirty = false;
        }
    }

    /// <summary>Whether the caller is to write it now: it has to be written, and nobody does.</summary>
    public bool TryBegin()
    {
        lock (_lock)
        {
            var begins = _isDirty && !_isFlushing;
            _isFlushing |= begins;
            return begins;
        }
    }

    /// <summary>It was written, or could not be.</summary>
    /// <returns>Whether it is to be written once more: the caller goes on.</returns>
    public bool End(bool goesOn)
    {
        lock (_lock)
        {
            return _isFlushing = _isDirty && goesOn;
        }
    }
}
