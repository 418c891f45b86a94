using System.Buffers.Binary;
using System.Text;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// An immutable file of entries in key order: checksummed blocks, an index of the blocks' first keys, a Bloom filter, a footer. Deleted
/// once it was replaced and the last reader released it.
/// </summary>
internal sealed class SortedRun
{
    internal const ulong Magic = 0x3152_5844_4E49_3353; // "S3INDXR1"
    internal const int FooterSize = 56;
    internal const int BlockSize = 16 << 10;

    private readonly SafeFileHandle _file;
    private readonly BlockCache _cache;
    private readonly byte[][] _firstKeys;
    private readonly long[] _offsets;
    private readonly byte[] _bloom;
    private int _references = 1;
    private volatile bool _obsolete;

    private SortedRun(string path, long number, SafeFileHandle file, BlockCache cache, byte[][] firstKeys, long[] offsets, byte[] bloom)
    {
        Path = path;
        Number = number;
        _file = file;
        _cache = cache;
        _firstKeys = firstKeys;
        _offsets = offsets;
        _bloom = bloom;
        Bytes = RandomAccess.GetLength(file);
    }

    public string Path { get; }

    public long Number { get; }

    public long Bytes { get; }

    public int BlockCount => _firstKeys.Length;

    public static SortedRun Open(string path, long number, BlockCache cache)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
            var footer = ReadExactly(file, path, RandomAccess.GetLength(file) - FooterSize, FooterSize);
            if (BinaryPrimitives.ReadUInt64LittleEndian(footer.AsSpan(48)) != Magic
                || Crc32C.Compute(footer.AsSpan(0, 40)) != BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(40)))
            {
                throw Damaged(path);
            }

            var indexAt = BinaryPrimitives.ReadInt64LittleEndian(footer);
            var indexLength = BinaryPrimitives.ReadInt64LittleEndian(footer.AsSpan(8));
            var bloomLength = BinaryPrimitives.ReadInt64LittleEndian(footer.AsSpan(16));
            var index = ReadExactly(file, path, indexAt, checked((int)indexLength));
            var bloom = ReadExactly(file, path, indexAt + indexLength, checked((int)bloomLength));
            if (Crc32C.Append(Crc32C.Compute(index), bloom) != BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(32)))
            {
                throw Damaged(path);
            }

            var (firstKeys, offsets) = ParseIndex(index, indexAt);
            return new SortedRun(path, number, file, cache, firstKeys, offsets, bloom);
        }
        catch (Exception e) when (e is FileNotFoundException or OverflowException or ArgumentOutOfRangeException or EndOfStreamException)
        {
            file?.Dispose();
            throw Damaged(path, e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the file for a reader; false if it is already deleted.</summary>
    public bool TryAcquire()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _references);
            if (seen == 0)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _references, seen + 1, seen) != seen);
        return true;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _file.Dispose();
            if (_obsolete)
            {
                File.Delete(Path);
            }
        }
    }

    /// <summary>Deletes the file with its last reader.</summary>
    public void MarkObsolete() => _obsolete = true;

    /// <summary>Finds a key. The value is null if the run records a deletion.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out byte[]? value)
    {
        value = null;
        if (!BloomFilter.MayHold(_bloom, key))
        {
            return false;
        }

        var block = FindBlock(key);
        if (block < 0)
        {
            return false;
        }

        var reader = new BlockReader(ReadBlock(block));
        while (reader.Next())
        {
            var order = reader.Key.SequenceCompareTo(key);
            if (order == 0)
            {
                value = reader.IsDeleted ? null : reader.Value.ToArray();
                return true;
            }

            if (order > 0)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>The block that contains a key, if any does; -1 if the key sorts before the first.</summary>
    public int FindBlock(ReadOnlySpan<byte> key)
    {
        int low = 0, high = _firstKeys.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_firstKeys[middle].AsSpan().SequenceCompareTo(key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high;
    }

    public byte[] ReadBlock(int block)
    {
        if (_cache.Get(Number, block) is { } known)
        {
            return known;
        }

        var length = checked((int)(_offsets[block + 1] - _offsets[block]));
        var bytes = ReadExactly(_file, Path, _offsets[block], length);
        if (length < 4 || Crc32C.Compute(bytes.AsSpan(0, length - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(length - 4)))
        {
            throw Damaged(Path);
        }

        _cache.Put(Number, block, bytes);
        return bytes;
    }

    public static IndexDamagedException Damaged(string path, Exception? cause = null) => new($"The index file '{path}' is damaged.", cause);

    private static (byte[][] FirstKeys, long[] Offsets) ParseIndex(byte[] index, long end)
    {
        var keys = new List<byte[]>();
        var offsets = new List<long>();
        for (var at = 0; at < index.Length;)
        {
            offsets.Add(BinaryPrimitives.ReadInt64LittleEndian(index.AsSpan(at)));
            var length = BinaryPrimitives.ReadInt32LittleEndian(index.AsSpan(at + 8));
            keys.Add(index.AsSpan(at + 12, length).ToArray());
            at += 12 + length;
        }

        offsets.Add(end);
        return ([.. keys], [.. offsets]);
    }

    private static byte[] ReadExactly(SafeFileHandle file, string path, long position, int length)
    {
        var bytes = new byte[length];
        var done = 0;
        while (done < length)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), position + done);
            if (read == 0)
            {
                throw Damaged(path);
            }

            done += read;
        }

        return bytes;
    }
}
