using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

/// <summary>
/// A chunk or whole entry on its way to the store, in a file that readers follow. Shared by its users, and deleted with the last. Positions
/// are within the chunk.
/// </summary>
internal sealed class SpooledChunk
{
    private readonly SpoolFile _file;
    private readonly BlockFile _blocks;
    private readonly long _length;
    private int _users = 1;

    /// <summary>An empty one of so many bytes.</summary>
    /// <exception cref="IOException">The spool is full.</exception>
    public SpooledChunk(SpoolFolder folder, long length, Action<long> foundDamaged)
    {
        var geometry = new BlockGeometry(length, 0);
        _length = length;
        _file = folder.Open(length);
        _blocks = new BlockFile(_file.Handle, geometry, 0, new BlockTable(geometry, new uint[geometry.Blocks]), (_, _) => { },
            foundDamaged);
    }

    /// <summary>Whether every byte is there.</summary>
    public bool IsWhole => FirstCached(0) is { First: 0 } cached && cached.Last == _length - 1;

    /// <summary>See <see cref="Overlay.Layers.ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position) => _blocks.FirstCached(position);

    /// <summary>See <see cref="Overlay.Layers.IEntryReader.ReadAsync"/>.</summary>
    public ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _blocks.ReadAsync(position, buffer, cancellationToken);

    /// <summary>Stores bytes; blocks the caller.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes) => _blocks.Write(position, bytes);

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
}
