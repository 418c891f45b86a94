using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// What this process knows about one entry: chunks in the store and chunks in the spool. A whole entry is one chunk. Shared by all its
/// users.
/// </summary>
internal sealed class SharedEntry
{
    private readonly Lock _lock = new();
    private readonly EntryChunks _chunks;
    private readonly SpoolFolder _spool;
    private readonly HashSet<int> _uploading = [];
    private readonly HashSet<int> _lost = [];
    private EntryRecord _record;
    private bool _isEvicted;
    private bool _hasToldFailure;

    /// <summary>An entry of which the store has some chunks.</summary>
    /// <param name="record">The entry's record.</param>
    /// <param name="stored">The chunks in the store.</param>
    /// <param name="isManifest">True if chunks are separate objects.</param>
    public SharedEntry(EntryRecord record, ChunkSet stored, bool isManifest, SpoolFolder spool, ILogger logger)
    {
        (_record, IsManifest, _spool) = (record, isManifest, spool);
        Layout = new ChunkLayout(record.Info.Size, record.Identity.ChunkSize);
        _chunks = new EntryChunks(Layout, stored, spool, position => Log.CacheBlockDamaged(logger, "spool", position));
    }

    public ChunkLayout Layout { get; }

    /// <summary>True if its chunks are separate objects, named by a manifest.</summary>
    public bool IsManifest { get; }

    /// <summary>The entry's record.</summary>
    public EntryRecord Record
    {
        get
        {
            lock (_lock)
            {
                return _record;
            }
        }
    }

    /// <summary>Its approximate size in memory.</summary>
    public long Weight => 2048 + (Layout.Count / 8);

    public ObjectName Name => _record.Name;

    /// <summary>The number of users. Owned by <see cref="LiveEntries"/>.</summary>
    public int Users { get; set; }

    /// <summary>The fills whose chunks its users may read. Owned by <see cref="FillUsers"/>.</summary>
    public List<Guid> UsedFills { get; } = [];

    /// <summary>The number of background tasks. Owned by <see cref="LiveEntries"/>.</summary>
    public int Pending { get; set; }

    /// <summary>How many of those only remove. Owned by <see cref="LiveEntries"/>.</summary>
    public int Evictions { get; set; }

    /// <summary>The number of evictions when it was begun or looked up. Owned by <see cref="LiveEntries"/>.</summary>
    public long Since { get; set; }

    /// <summary>True if it was found in the store and not begun here.</summary>
    public bool WasFound { get; init; }

    /// <summary>True if it must not be found or uploaded any more. Owned by <see cref="LiveEntries"/>.</summary>
    public bool IsEvicted
    {
        get => Volatile.Read(ref _isEvicted);
        set => Volatile.Write(ref _isEvicted, value);
    }

    public ManifestFlush Flush { get; } = new();

    /// <summary>True if nothing is spooled.</summary>
    public bool IsSpoolEmpty
    {
        get
        {
            lock (_lock)
            {
                return _chunks.Spooled.Count == 0;
            }
        }
    }

    /// <summary>True if the store is known to have any chunk.</summary>
    public bool HasStored
    {
        get
        {
            lock (_lock)
            {
                return _chunks.Stored.Count > 0;
            }
        }
    }

    /// <summary>True if more than half of the spool is used.</summary>
    public bool IsSpoolHalfTaken => _spool.IsHalfTaken;

    /// <summary>See <see cref="Overlay.Layers.ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position)
    {
        lock (_lock)
        {
            return _chunks.FirstCached(position);
        }
    }

    /// <summary>True if the store has a chunk, and of which fill.</summary>
    public bool IsStored(int chunk, out Guid fill)
    {
        lock (_lock)
        {
            fill = _record.Fill;
            return _chunks.Stored[chunk];
        }
    }

    /// <summary>A spooled chunk, for the caller to release; null if it is not spooled.</summary>
    public SpooledChunk? UseSpooled(int chunk)
    {
        lock (_lock)
        {
            return _chunks.InSpool(chunk)?.Use();
        }
    }

    /// <summary>Reserves spool space for a whole entry.</summary>
    /// <exception cref="IOException">The spool is full.</exception>
    public void Reserve()
    {
        if (Layout.Count > 0)
        {
            ForWriting(0)!.Release();
        }
    }

    /// <summary>Writes bytes, blocking. Bytes that are cached already stay.</summary>
    /// <param name="whole">Called at once for each chunk that became complete: there may be no space for the next.</param>
    /// <exception cref="IOException">The spool is full.</exception>
    public void Write(long position, ReadOnlySpan<byte> bytes, Action<int> whole)
    {
        while (!bytes.IsEmpty && position < Layout.Size)
        {
            var chunk = Layout.At(position);
            var range = Layout.BytesOf(chunk);
            var length = (int)Math.Min(bytes.Length, range.Last + 1 - position);
            if (ForWriting(chunk) is { } spooled)
            {
                bool isWhole;
                try
                {
                    spooled.Write(position - range.First, bytes[..length]);
                    isWhole = spooled.IsWhole;
                }
                finally
                {
                    spooled.Release();
                }

                if (isWhole)
                {
                    whole(chunk);
                }
            }

            position += length;
            bytes = bytes[length..];
        }
    }

    /// <summary>Marks a complete chunk as being uploaded. False if it is already, or is not spooled.</summary>
    public bool TryBeginUpload(int chunk)
    {
        lock (_lock)
        {
            return _chunks.InSpool(chunk) is { IsWhole: true } && _uploading.Add(chunk);
        }
    }

    /// <summary>A chunk was uploaded: frees its spool space.</summary>
    /// <returns>False if it was uploaded for another fill and must be uploaded again.</returns>
    public bool MarkStored(int chunk, Guid fill)
    {
        lock (_lock)
        {
            if (_record.Fill != fill)
            {
                return false;
            }

            _chunks.Stored.Add(chunk);
            _lost.Remove(chunk);
            if (IsManifest)
            {
                Flush.MarkChanged();
            }

            Free(chunk);
            return true;
        }
    }

    /// <summary>An upload was not needed: the entry was evicted. Spooled bytes stay for their readers.</summary>
    public void EndUpload(int chunk)
    {
        lock (_lock)
        {
            _uploading.Remove(chunk);
        }
    }

    /// <summary>
    /// A chunk could not be uploaded. A whole entry stays spooled for its readers; a chunk does not, since many would fill the spool.
    /// </summary>
    /// <returns>True if this is the entry's first failure, to be logged.</returns>
    public bool UploadFailed(int chunk)
    {
        lock (_lock)
        {
            if (IsManifest)
            {
                Free(chunk);
            }
            else
            {
                _uploading.Remove(chunk);
            }

            return FailureIsNew();
        }
    }

    /// <summary>True for the entry's first failure, to be logged.</summary>
    public bool FailureIsNew()
    {
        lock (_lock)
        {
            var isNew = !_hasToldFailure;
            _hasToldFailure = true;
            return isNew;
        }
    }

    /// <summary>A chunk is missing in the store or damaged.</summary>
    public void Lose(int chunk)
    {
        lock (_lock)
        {
            if (_chunks.Stored.Remove(chunk))
            {
                _lost.Add(chunk);
            }
        }
    }

    /// <summary>Frees incomplete chunks: their fill has no users that could complete them.</summary>
    public void FreeUnfinished()
    {
        lock (_lock)
        {
            foreach (var chunk in _chunks.Spooled.Where(chunk => !_uploading.Contains(chunk)).ToList())
            {
                Free(chunk);
            }
        }
    }

    /// <summary>The manifest to write, merged with what another process wrote.</summary>
    public EntryManifest Manifest(EntryManifest? theirs)
    {
        lock (_lock)
        {
            if (theirs is not null)
            {
                _record = _record.With(theirs.Record);
            }

            for (var chunk = theirs?.Chunks.NextCached(0) ?? Layout.Count; chunk < Layout.Count; chunk = theirs!.Chunks
                .NextCached(chunk + 1))
            {
                // A spooled chunk counts as stored anyway; marking it would take away its readers' place.
                if (!_lost.Contains(chunk) && _chunks.InSpool(chunk) is null)
                {
                    _chunks.Stored.Add(chunk);
                }
            }

            Flush.Begun();
            return new EntryManifest(_record, ChunkSet.Parse(_chunks.Stored.ToBytes(), Layout.Count)!);
        }
    }

    /// <summary>Continues with another process's fill of the same version.</summary>
    /// <returns>The previous fill, whose chunks no manifest will name.</returns>
    public Guid Adopt(EntryManifest theirs)
    {
        lock (_lock)
        {
            var mine = _record.Fill;
            _record = _record with { Fill = theirs.Record.Fill };
            _chunks.Stored = ChunkSet.Parse(theirs.Chunks.ToBytes(), Layout.Count)!;
            _lost.Clear();
            return mine;
        }
    }

    /// <summary>Applies what was learned about the version.</summary>
    /// <param name="learned">Returns the updated record.</param>
    public void Renew(Func<EntryRecord, EntryRecord> learned)
    {
        lock (_lock)
        {
            _record = learned(_record);
        }
    }

    private SpooledChunk? ForWriting(int chunk)
    {
        lock (_lock)
        {
            return _chunks.ForWriting(chunk)?.Use();
        }
    }

    private void Free(int chunk)
    {
        _uploading.Remove(chunk);
        _chunks.Free(chunk);
    }
}
