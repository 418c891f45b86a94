using System.Buffers;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Blocks;

/// <summary>
/// A file whose bytes are written in any order, and read back only if their block's checksum matches. The owner decides where checksums are
/// persisted.
/// </summary>
/// <param name="file">The file; the owner closes it.</param>
/// <param name="geometry">How bytes map to blocks.</param>
/// <param name="dataOffset">Where the object's bytes start in the file.</param>
/// <param name="blocks">The blocks present at the start.</param>
/// <param name="keepEntries">Called with the first of some blocks and their entries before they count as cached.</param>
/// <param name="foundDamaged">Called with a block found damaged.</param>
/// <param name="changed">Called with the change in cached bytes; may be null.</param>
internal sealed class BlockFile(
    SafeFileHandle file, BlockGeometry geometry, long dataOffset, BlockTable blocks,
    Action<long, ReadOnlySpan<uint>> keepEntries, Action<long> foundDamaged, Action<long>? changed = null)
{
    /// <summary>How many entries are kept at once.</summary>
    private const int MostEntries = 16;

    /// <summary>See <see cref="Layers.ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position) => blocks.FirstCached(position);

    /// <summary>See <see cref="Layers.IEntryReader.ReadAsync"/>.</summary>
    public ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (position >= geometry.Size || buffer.IsEmpty)
        {
            return new(0);
        }

        var block = geometry.BlockAt(position);
        var range = geometry.BytesOf(block);
        if (blocks[block] == 0)
        {
            if (blocks.PieceAt(position) is { } piece)
            {
                return ReadPartAsync(block, new ByteRange(piece.From, piece.To - 1), piece.Checksum, position, buffer, cancellationToken);
            }

            // Its pieces may have become a whole block in between. It was cached all along, so it must not count as missing.
            if (blocks[block] == 0)
            {
                return new(0);
            }
        }

        return position == range.First && buffer.Length >= range.Length
            ? ReadBlocksAsync(block, buffer, cancellationToken)
            : ReadPartAsync(block, range, null, position, buffer, cancellationToken);
    }

    /// <summary>Stores bytes; blocks the caller. Bytes already cached stay as they are.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && position < geometry.Size)
        {
            var (length, isMissing) = blocks.Stretch(position, bytes.Length);
            if (isMissing)
            {
                WriteMissing(position, bytes[..length]);
            }

            position += length;
            bytes = bytes[length..];
        }
    }

    /// <summary>Writes whole blocks, or bytes within one. One call: it costs less, and larger pages in memory cost less to read.</summary>
    private void WriteMissing(long position, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(file, bytes, dataOffset + position);
        var block = geometry.BlockAt(position);
        var range = geometry.BytesOf(block);
        if (bytes.Length >= range.Length)
        {
            CompleteAll(block, bytes);
        }
        else if (blocks.Add(position, bytes) is { } pieces)
        {
            Join(block, range, pieces);
        }
    }

    /// <summary>Records whole blocks.</summary>
    private void CompleteAll(long first, ReadOnlySpan<byte> bytes)
    {
        Span<uint> entries = stackalloc uint[MostEntries];
        while (!bytes.IsEmpty)
        {
            var count = 0;
            for (; count < entries.Length && !bytes.IsEmpty; count++)
            {
                var length = (int)geometry.BytesOf(first + count).Length;
                entries[count] = BlockTable.Entry(Crc32C.Compute(bytes[..length]));
                bytes = bytes[length..];
            }

            Complete(first, entries[..count]);
            first += count;
        }
    }

    /// <summary>Replaces the checksums of a complete block's pieces by one, after verifying them.</summary>
    private void Join(long block, ByteRange range, IReadOnlyList<BlockTable.Piece> pieces)
    {
        if (pieces.Count == 1)
        {
            Complete(block, [BlockTable.Entry(pieces[0].Checksum)]);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)range.Length);
        try
        {
            var bytes = buffer.AsSpan(0, (int)range.Length);
            var read = RandomAccess.Read(file, bytes, dataOffset + range.First);
            foreach (var piece in pieces)
            {
                if (read < bytes.Length
                    || Crc32C.Compute(bytes[(int)(piece.From - range.First)..(int)(piece.To - range.First)]) != piece.Checksum)
                {
                    Damaged(block);
                    return;
                }
            }

            Complete(block, [BlockTable.Entry(Crc32C.Compute(bytes))]);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Complete(long first, ReadOnlySpan<uint> entries)
    {
        keepEntries(first, entries);
        for (var i = 0; i < entries.Length; i++)
        {
            if (blocks.Complete(first + i, entries[i]))
            {
                changed?.Invoke(geometry.BytesOf(first + i).Length);
            }
        }
    }

    /// <summary>Reads and verifies as many whole blocks as fit, straight into the buffer.</summary>
    private async ValueTask<int> ReadBlocksAsync(long first, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var start = geometry.BytesOf(first).First;
        var length = 0;
        for (var block = first; block < geometry.Blocks && blocks[block] != 0; block++)
        {
            var size = (int)geometry.BytesOf(block).Length;
            if (length + size > buffer.Length)
            {
                break;
            }

            length += size;
        }

        var read = await ReadFileAsync(start, buffer[..length], cancellationToken);
        var good = 0;
        for (var block = first; good < length; block++)
        {
            var size = (int)geometry.BytesOf(block).Length;
            if (good + size > read || BlockTable.Entry(Crc32C.Compute(buffer.Span.Slice(good, size))) != blocks[block])
            {
                Damaged(block);
                break;
            }

            good += size;
        }

        return good;
    }

    /// <summary>Reads and verifies a block, or a piece of one, and returns the bytes wanted.</summary>
    private async ValueTask<int> ReadPartAsync(
        long block, ByteRange part, uint? pieceChecksum, long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var scratch = ArrayPool<byte>.Shared.Rent((int)part.Length);
        try
        {
            var bytes = scratch.AsMemory(0, (int)part.Length);
            var read = await ReadFileAsync(part.First, bytes, cancellationToken);
            var checksum = Crc32C.Compute(bytes.Span);
            if (read < bytes.Length
                || !(pieceChecksum is { } expected ? expected == checksum : blocks[block] == BlockTable.Entry(checksum)))
            {
                Damaged(block);
                return 0;
            }

            var count = (int)Math.Min(buffer.Length, part.Last + 1 - position);
            bytes.Slice((int)(position - part.First), count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private async ValueTask<int> ReadFileAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await DiskReader.ReadAsync(file, dataOffset + position, buffer, cancellationToken);
        }
        catch (IOException)
        {
            // A block on an unreadable sector counts as not cached.
            return 0;
        }
    }

    /// <summary>
    /// A block no longer counts as cached. Its entry in the table stays, so that it is found damaged again when the file is next opened: a
    /// frozen object must not look as if it never had bytes. For the same reason <c>foundDamaged</c> comes first.
    /// </summary>
    private void Damaged(long block)
    {
        foundDamaged(block);
        if (blocks.Forget(block))
        {
            changed?.Invoke(-geometry.BytesOf(block).Length);
        }
    }
}
