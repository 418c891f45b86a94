using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

/// <summary>
/// A chunk or whole entry on its way to the store, in a file that readers follow. Takes room for the blocks that are written. Shared by its
/// users, and deleted with the last. Positions are within the chunk.
/// </summary>
internal sealed class SpooledChunk
{
    private readonly SpoolFile _file;
    private readonly BlockFile _blocks;
    private readonly BlockTable _table;
    private readonly BlockGeometry _geometry;
    private readonly NumberSet _taken;
    private int _users = 1;

    /// <summary>An empty one of so many bytes.</summary>
    /// <param name="folder">Where its file is.</param>
    /// <param name="length">The chunk's bytes.</param>
    /// <param name="foundDamaged">Called with the number of a damaged block.</param>
    /// <exception cref="IOException">Its file cannot be made.</exception>
    public SpooledChunk(SpoolFolder folder, long length, Action<long> foundDamaged)
    {
        _geometry = new BlockGeometry(length, 0);
        _table = new BlockTable(_geometry, new uint[_geometry.Blocks]);
        _taken = ChunkBlocks.SetFor(length);
        _file = folder.Open();
        _blocks = new BlockFile(_file.Handle, _geometry, 0, _table, (_, _) => { }, foundDamaged);
    }

    /// <summary>True if every byte is there.</summary>
    public bool IsWhole => FirstCached(0) is { First: 0 } cached && cached.Last == _geometry.Size - 1;

    /// <summary>True if it has bytes of blocks that are not whole.</summary>
    public bool HasPieces => _table.HasPieces;

    /// <summary>How many writes are running. Owned by <see cref="Known.SharedEntry"/>, under its lock.</summary>
    public int Writes { get; set; }

    /// <summary>The blocks that are whole; null for none.</summary>
    public ChunkBlocks? Blocks()
    {
        var set = ChunkBlocks.SetFor(_geometry.Size);
        for (var block = 0; block < set.Capacity; block++)
        {
            if (_table[block] != 0)
            {
                set.Add(block);
            }
        }

        return set.Count == 0 ? null : ChunkBlocks.Of(_geometry.Size, set);
    }

    /// <summary>Takes room for all of it.</summary>
    /// <exception cref="CacheFullException">The spool is full.</exception>
    public void Reserve()
    {
        _file.Grow(_geometry.Size);
        for (var block = 0; block < _taken.Capacity; block++)
        {
            _taken.Add(block);
        }
    }

    /// <summary>See <see cref="ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position) => _blocks.FirstCached(position);

    /// <summary>See <see cref="IEntryReader.ReadAsync"/>.</summary>
    public ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _blocks.ReadAsync(position, buffer, cancellationToken);

    /// <summary>Stores bytes, as far as there is room for their blocks; blocks the caller.</summary>
    /// <exception cref="CacheFullException">The spool is full. What came before that block is stored.</exception>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        var end = position;
        try
        {
            while (end < position + bytes.Length)
            {
                var block = _geometry.BlockAt(end);
                var range = _geometry.BytesOf(block);
                Take((int)block, range.Length);
                end = Math.Min(position + bytes.Length, range.Last + 1);
            }
        }
        finally
        {
            _blocks.Write(position, bytes[..(int)(end - position)]);
        }
    }

    /// <summary>Adds a user. The caller knows that there is one.</summary>
    public SpooledChunk Use()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>One user less.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _file.Dispose();
        }
    }

    private void Take(int block, long bytes)
    {
        lock (_taken)
        {
            if (!_taken[block])
            {
                _file.Grow(bytes);
                _taken.Add(block);
            }
        }
    }
}
