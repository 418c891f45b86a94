using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// What this process knows of one copy: which chunks the store has, and which are in spool files on their way there. A copy held whole is
/// one chunk. Shared by all who use it.
/// </summary>
internal sealed class SharedEntry
{
    private readonly Lock _lock = new();
    private readonly EntryChunks _chunks;
    private readonly SpoolFolder _spool;
    private readonly HashSet<int> _uploading = [];
    private readonly HashSet<int> _lost = [];
    private EntryRecord _record;
    private bool _isDropped;
    private bool _hasToldFailure;

    /// <summary>A copy of which the store has some chunks.</summary>
    /// <param name="record">Whose copy it is.</param>
    /// <param name="stored">What the store has.</param>
    /// <param name="isManifest">Whether its chunks are objects of their own.</param>
    /// <param name="spool">Where new bytes go.</param>
    /// <param name="logger">Where damage is told.</param>
    public SharedEntry(EntryRecord record, ChunkSet stored, bool isManifest, SpoolFolder spool, ILogger logger)
    {
        (_record, IsManifest, _spool) = (record, isManifest, spool);
        Layout = new ChunkLayout(record.Info.Size, record.Identity.ChunkSize);
        _chunks = new EntryChunks(Layout, stored, spool, position => Log.HeldBlockDamaged(logger, "spool", position));
    }

    /// <summary>How the object falls into chunks.</summary>
    public ChunkLayout Layout { get; }

    /// <summary>Whether its chunks are objects of their own, named by a manifest.</summary>
    public bool IsManifest { get; }

    /// <summary>Whose copy it is.</summary>
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

    /// <summary>How many bytes it takes to remember, about: a set of chunks besides what is known of any object.</summary>
    public long Weight => 2048 + (Layout.Count / 8);

    /// <summary>Of which key.</summary>
    public ObjectName Name => _record.Name;

    /// <summary>How many use it; <see cref="LiveEntries"/>' own.</summary>
    public int Users { get; set; }

    /// <summary>The fills whose chunks those may read; <see cref="FillUsers"/>' own.</summary>
    public List<Guid> UsedFills { get; } = [];

    /// <summary>How much work in the background is about it; <see cref="LiveEntries"/>' own.</summary>
    public int Pending { get; set; }

    /// <summary>How much of that takes it out of the store, and puts nothing; <see cref="LiveEntries"/>' own.</summary>
    public int Drops { get; set; }

    /// <summary>How many drops there were when it was begun, or looked for in the store; <see cref="LiveEntries"/>' own.</summary>
    public long Since { get; set; }

    /// <summary>Whether it was found in the store, and not begun here.</summary>
    public bool WasFound { get; init; }

    /// <summary>Whether it is no longer to be found, nor put into the store; <see cref="LiveEntries"/>' own.</summary>
    public bool IsDropped
    {
        get => Volatile.Read(ref _isDropped);
        set => Volatile.Write(ref _isDropped, value);
    }

    /// <summary>When its manifest is to be written.</summary>
    public ManifestFlush Flush { get; } = new();

    /// <summary>Whether there is nothing in the spool.</summary>
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

    /// <summary>Whether the store has any of its chunks, as far as is known.</summary>
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

    /// <summary>Whether more than half of the spool is taken, by whatever copies.</summary>
    public bool IsSpoolHalfTaken => _spool.IsHalfTaken;

    /// <summary>See <see cref="Overlay.Layers.ICacheEntry.FirstHeld"/>.</summary>
    public ByteRange? FirstHeld(long position)
    {
        lock (_lock)
        {
            return _chunks.FirstHeld(position);
        }
    }

    /// <summary>Whether the store has a chunk, and the fill it is of.</summary>
    public bool IsStored(int chunk, out Guid fill)
    {
        lock (_lock)
        {
            fill = _record.Fill;
            return _chunks.Stored[chunk];
        }
    }

    /// <summary>A chunk in the spool, which the caller releases; null where it is not there.</summary>
    public SpooledChunk? UseSpooled(int chunk)
    {
        lock (_lock)
        {
            return _chunks.InSpool(chunk)?.Use();
        }
    }

    /// <summary>Sets room aside for a copy that is one chunk.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public void Reserve()
    {
        if (Layout.Count > 0)
        {
            ForWriting(0)!.Release();
        }
    }

    /// <summary>Stores bytes; blocks the caller. What is held already stays as it is.</summary>
    /// <param name="position">Where they begin.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="whole">Told of each chunk that these bytes made whole, at once: there may be no room for the next.</param>
    /// <exception cref="IOException">There is no room for them.</exception>
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

    /// <summary>Marks a whole chunk as being uploaded; false where it is already, or is not there.</summary>
    public bool TryBeginUpload(int chunk)
    {
        lock (_lock)
        {
            return _chunks.InSpool(chunk) is { IsWhole: true } && _uploading.Add(chunk);
        }
    }

    /// <summary>The store has a chunk: its place in the spool is given up.</summary>
    /// <returns>False where it was stored as another fill's: it is to be stored again.</returns>
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

    /// <summary>
    /// A chunk was put for nothing: the copy was dropped meanwhile. What is in the spool is for those who read it still, and goes with the
    /// last of them.
    /// </summary>
    public void EndUpload(int chunk)
    {
        lock (_lock)
        {
            _uploading.Remove(chunk);
        }
    }

    /// <summary>
    /// A chunk could not be uploaded. A copy held whole stays in the spool for those who read it, a chunk does not: many would fill it.
    /// </summary>
    /// <returns>Whether this is the first failure, and is to be told.</returns>
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

    /// <summary>Whether a failure of this copy is the first, and is to be told.</summary>
    public bool FailureIsNew()
    {
        lock (_lock)
        {
            var isNew = !_hasToldFailure;
            _hasToldFailure = true;
            return isNew;
        }
    }

    /// <summary>A chunk turned out not to be in the store, or not as it was put there.</summary>
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

    /// <summary>Gives up all bytes that are not on their way to the store: nobody is left who could add what they lack.</summary>
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

    /// <summary>What a manifest is to say, together with what another process wrote into it meanwhile.</summary>
    public EntryManifest Manifest(EntryManifest? theirs)
    {
        lock (_lock)
        {
            if (theirs is not null)
            {
                _record = _record.With(theirs.Record);
            }

            for (var chunk = theirs?.Chunks.NextHeld(0) ?? Layout.Count; chunk < Layout.Count; chunk = theirs!.Chunks.NextHeld(chunk + 1))
            {
                // One that is in the spool here is as good as stored: were it counted as stored, those who read it from the spool would
                // lose their place.
                if (!_lost.Contains(chunk) && _chunks.InSpool(chunk) is null)
                {
                    _chunks.Stored.Add(chunk);
                }
            }

            Flush.Begun();
            return new EntryManifest(_record, ChunkSet.Parse(_chunks.Stored.ToBytes(), Layout.Count)!);
        }
    }

    /// <summary>Goes on with another process's fill of the same version.</summary>
    /// <returns>The fill that was this one's, whose chunks nobody will name.</returns>
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

    /// <summary>Takes over what was learned of the version.</summary>
    /// <param name="learned">A record as it is with that.</param>
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
