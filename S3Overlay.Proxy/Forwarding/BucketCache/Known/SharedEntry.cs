using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// What this process knows about one entry: chunks in the store and in the spool, whole or in part. A whole entry is one chunk. Shared by
/// all its users.
/// </summary>
internal sealed partial class SharedEntry
{
    private readonly Lock _lock = new();
    private readonly EntryChunks _chunks;
    private readonly SpoolFolder _spool;
    private readonly HashSet<int> _uploading = [];
    private readonly HashSet<int> _lost = [];
    private readonly HashSet<int> _unreadable = [];

    /// <summary>Chunks that the store refused, or whose blocks in the spool are damaged.</summary>
    private readonly HashSet<int> _refused = [];

    /// <summary>What the store has of chunks that it failed to deliver, and whether they were lost before. They count as lost.</summary>
    private readonly Dictionary<int, (ChunkBlocks Blocks, bool WasLost)> _undelivered = [];

    /// <summary>True if the next lookup counts them as stored again. Read without the lock: most entries have none.</summary>
    private volatile bool _retries;

    /// <summary>Chunks with blocks that wait in the spool to be stored, and the ticket of each.</summary>
    private readonly Dictionary<int, long> _waiting = [];
    private long _tickets;
    private EntryRecord _record;
    private bool _isEvicted;
    private bool _hasToldFailure;

    /// <summary>Completes when what was uploaded or refused has changed; null if no caller waits.</summary>
    private TaskCompletionSource? _changed;

    /// <summary>An entry of which the store has some chunks.</summary>
    /// <param name="record">The entry's record.</param>
    /// <param name="stored">The chunks in the store.</param>
    /// <param name="isManifest">True if chunks are separate objects.</param>
    /// <param name="parts">The chunks that are in the store in part; null for none.</param>
    public SharedEntry(EntryRecord record, NumberSet stored, bool isManifest, SpoolFolder spool, ILogger logger,
        IReadOnlyDictionary<int, ChunkBlocks>? parts = null)
    {
        (_record, IsManifest, _spool) = (record, isManifest, spool);
        Layout = new ChunkLayout(record.Info.Size, record.Identity.ChunkSize);
        _chunks = new EntryChunks(Layout, stored, parts, spool, position =>
        {
            Log.CacheBlockDamaged(logger, "spool", position);
            SpoolDamaged(Layout.At(position));
        });
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
    public long Weight
    {
        get
        {
            lock (_lock)
            {
                return 2048 + _chunks.Weight;
            }
        }
    }

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
        set
        {
            lock (_lock)
            {
                Volatile.Write(ref _isEvicted, value);
                Changed();
            }
        }
    }

    /// <summary>True from its withdrawal to the eviction that follows. Owned by <see cref="LiveEntries"/>, under its lock.</summary>
    public bool AwaitsEviction { get; set; }

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

    /// <summary>True if blocks wait in the spool to be stored.</summary>
    public bool HasWaiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>True if the store is known to have any chunk, whole or in part.</summary>
    public bool HasStored
    {
        get
        {
            lock (_lock)
            {
                return _chunks.HasStored;
            }
        }
    }

    /// <summary>True if any chunk is lost: see <see cref="IsLost"/>.</summary>
    public bool HasLost
    {
        get
        {
            lock (_lock)
            {
                return _lost.Count > 0;
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

    /// <summary>What the store has of a chunk, and of which fill; null for nothing.</summary>
    public ChunkBlocks? InStore(int chunk, out Guid fill)
    {
        lock (_lock)
        {
            fill = _record.Fill;
            return _chunks.InStore(chunk);
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

    /// <summary>The same, if it has the byte at a position within the chunk.</summary>
    public SpooledChunk? UseSpooled(int chunk, long position)
    {
        lock (_lock)
        {
            return _chunks.InSpool(chunk) is { } spooled && spooled.FirstCached(position)?.First == position ? spooled.Use() : null;
        }
    }

    /// <summary>Reserves spool space for a whole entry.</summary>
    /// <exception cref="IOException">The spool is full.</exception>
    public void Reserve()
    {
        if (Layout.Count > 0)
        {
            lock (_lock)
            {
                try
                {
                    _chunks.ForWriting(0).Reserve();
                }
                catch
                {
                    Free(0);
                    throw;
                }
            }
        }
    }

    /// <summary>Writes bytes, blocking. Bytes that are cached already stay.</summary>
    /// <param name="due">Called at once for each chunk with something to store: there may be no space for the next.</param>
    /// <exception cref="IOException">The spool is full.</exception>
    public void Write(long position, ReadOnlySpan<byte> bytes, Action<ChunkDue> due)
    {
        while (!bytes.IsEmpty && position < Layout.Size)
        {
            var chunk = Layout.At(position);
            var range = Layout.BytesOf(chunk);
            var length = (int)Math.Min(bytes.Length, range.Last + 1 - position);
            if (ForWriting(chunk, position - range.First, ref length) is { } spooled)
            {
                try
                {
                    spooled.Write(position - range.First, bytes[..length]);
                }
                finally
                {
                    if (Written(chunk, spooled) is { } stores)
                    {
                        due(stores);
                    }
                }
            }

            position += length;
            bytes = bytes[length..];
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

    /// <summary>
    /// A chunk to write some bytes to, and how many of them are alike; null if the store has these. Positions are within the chunk.
    /// </summary>
    private SpooledChunk? ForWriting(int chunk, long position, ref int length)
    {
        lock (_lock)
        {
            if (_chunks.InStore(chunk)?.FirstRun(position) is { } run)
            {
                length = (int)Math.Min(length, run.First > position ? run.First - position : run.Last + 1 - position);
                if (run.First <= position)
                {
                    return null;
                }
            }

            var spooled = _chunks.ForWriting(chunk).Use();
            spooled.Writes++;
            return spooled;
        }
    }

    private ChunkDue? Written(int chunk, SpooledChunk spooled)
    {
        lock (_lock)
        {
            spooled.Writes--;
            spooled.Release();
            return Due(chunk);
        }
    }
}

/// <summary>A chunk to be stored.</summary>
/// <param name="Chunk">Its number.</param>
/// <param name="Ticket">Null if it is complete, so that it need not wait; else the number of the wait.</param>
internal readonly record struct ChunkDue(int Chunk, long? Ticket);
