using System.Buffers;
using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Writes a run: entries in order, then the index of blocks, the filter and the footer; synced before it is used.</summary>
internal static class SortedRunWriter
{
    /// <summary>Writes entries in key order, each key once; a null value is a deletion.</summary>
    /// <returns>False, and no file, if there were none.</returns>
    public static bool Write(StoreDisk disk, string path, IEnumerable<KeyValuePair<byte[], byte[]?>> entries)
    {
        var index = new ArrayBufferWriter<byte>();
        var hashes = new List<ulong>();
        var block = new ArrayBufferWriter<byte>(SortedRun.BlockSize + 4096);
        var position = 0L;
        using (var file = disk.Create(path))
        {
            foreach (var (key, value) in entries)
            {
                if (block.WrittenCount == 0)
                {
                    var head = index.GetSpan(12 + key.Length);
                    BinaryPrimitives.WriteInt64LittleEndian(head, position);
                    BinaryPrimitives.WriteInt32LittleEndian(head[8..], key.Length);
                    key.CopyTo(head[12..]);
                    index.Advance(12 + key.Length);
                }

                Number(block, (uint)key.Length);
                Number(block, value is null ? 0 : (uint)value.Length + 1);
                block.Write(key);
                block.Write(value);
                hashes.Add(BloomFilter.Hash(key));
                if (block.WrittenCount >= SortedRun.BlockSize)
                {
                    position += EndBlock(disk, file, block, position);
                }
            }

            if (block.WrittenCount > 0)
            {
                position += EndBlock(disk, file, block, position);
            }

            WriteEnd(disk, file, position, index.WrittenSpan, BloomFilter.Build(hashes), hashes.Count);
            disk.Sync(file);
        }

        if (hashes.Count == 0)
        {
            disk.Delete(path);
        }

        return hashes.Count > 0;
    }

    private static void WriteEnd(StoreDisk disk, SafeFileHandle file, long position, ReadOnlySpan<byte> index, byte[] bloom, long entries)
    {
        var footer = new byte[SortedRun.FooterSize];
        BinaryPrimitives.WriteInt64LittleEndian(footer, position);
        BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(8), index.Length);
        BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(16), bloom.Length);
        BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(24), entries);
        BinaryPrimitives.WriteUInt32LittleEndian(footer.AsSpan(32), Crc32C.Append(Crc32C.Compute(index), bloom));
        BinaryPrimitives.WriteUInt32LittleEndian(footer.AsSpan(40), Crc32C.Compute(footer.AsSpan(0, 40)));
        BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(48), SortedRun.Magic);
        disk.Write(file, index, position);
        disk.Write(file, bloom, position + index.Length);
        disk.Write(file, footer, position + index.Length + bloom.Length);
    }

    private static int EndBlock(StoreDisk disk, SafeFileHandle file, ArrayBufferWriter<byte> block, long position)
    {
        var crc = Crc32C.Compute(block.WrittenSpan);
        BinaryPrimitives.WriteUInt32LittleEndian(block.GetSpan(4), crc);
        block.Advance(4);
        disk.Write(file, block.WrittenSpan, position);
        var length = block.WrittenCount;
        block.ResetWrittenCount();
        return length;
    }

    private static void Number(ArrayBufferWriter<byte> target, uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            target.GetSpan(1)[0] = (byte)(value | 0x80);
            target.Advance(1);
        }

        target.GetSpan(1)[0] = (byte)value;
        target.Advance(1);
    }
}
