using S3Overlay.Proxy.Forwarding.BucketCache.Format;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>Tracks whether an entry's manifest must be written, and whether a writer is active. One writer at a time.</summary>
internal sealed class ManifestFlush
{
    private readonly Lock _lock = new();
    private bool _isDirty;
    private bool _isFlushing;

    /// <summary>The record in the stored manifest; null without one. Owned by the writer.</summary>
    public EntryRecord? Stored { get; set; }

    /// <summary>When this process wrote its row, by the store's clock; the distant past for never. Owned by the writer.</summary>
    public DateTimeOffset ListedAt { get; set; }

    /// <summary>
    /// When it was last written or failed, as a timestamp of the clock: the time of day may be set back. Null for never. Owned by the
    /// writer.
    /// </summary>
    public long? FlushedAt { get; set; }

    /// <summary>Something is not in the manifest yet: a chunk, or new metadata.</summary>
    public void MarkChanged()
    {
        lock (_lock)
        {
            _isDirty = true;
        }
    }

    /// <summary>The content was taken: later changes need another write.</summary>
    public void Begun()
    {
        lock (_lock)
        {
            _isDirty = false;
        }
    }

    /// <summary>True if the caller must write it now: it has changed and has no writer.</summary>
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
    /// <returns>True if it must be written again by the caller.</returns>
    public bool End(bool goesOn)
    {
        lock (_lock)
        {
            return _isFlushing = _isDirty && goesOn;
        }
    }
}
