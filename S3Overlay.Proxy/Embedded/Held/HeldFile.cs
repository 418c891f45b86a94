using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>
/// One held copy: a sparse file in which every byte has its own place from the start. Nothing in it is synced: after a power cut a block
/// either comes back with its checksum or is not held. Shared by all who read it, and closed when the last has let go.
/// </summary>
internal sealed class HeldFile
{
    private readonly SafeFileHandle _file;
    private readonly HeldGeometry _geometry;
    private readonly BlockTable _blocks;
    private readonly long _tableOffset;
    private readonly long _dataOffset;
    private readonly ILogger _logger;
    private int _users = 1;

    private HeldFile(SafeFileHandle file, string path, HeldHeader header, HeldGeometry geometry, long tableOffset, uint[] checksums, ILogger logger)
    {
        (_file, Path, Header, _geometry, _tableOffset, _logger) = (file, path, header, geometry, tableOffset, logger);
        _dataOffset = HeldHeader.Align(tableOffset + (geometry.Blocks * sizeof(uint)));
        _blocks = new BlockTable(geometry, checksums);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Whose copy it is.</summary>
    public HeldHeader Header { get; }

    /// <summary>Makes the file of an empty copy.</summary>
    public static HeldFile Create(string path, HeldHeader header, ILogger logger)
    {
        var geometry = GeometryOf(header);
        var bytes = header.ToBytes();
        var file = Open(path, FileMode.CreateNew);
        try
        {
            var copy = new HeldFile(file, path, header, geometry, HeldHeader.Align(bytes.Length), new uint[geometry.Blocks], logger);
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.SetLength(file, copy._dataOffset + geometry.Size);
            return copy;
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Opens a copy that was made before.</summary>
    /// <exception cref="InvalidDataException">It is damaged where it says whose copy it is.</exception>
    public static HeldFile Open(string path, ILogger logger)
    {
        var file = Open(path, FileMode.Open);
        try
        {
            var header = ReadHeader(file, out var length);
            var geometry = GeometryOf(header);
            var table = new uint[geometry.Blocks];
            var copy = new HeldFile(file, path, header, geometry, HeldHeader.Align(length), table, logger);
            if (RandomAccess.Read(file, MemoryMarshal.AsBytes(table.AsSpan()), copy._tableOffset) != table.Length * sizeof(uint))
            {
                throw new InvalidDataException("the table of checksums breaks off");
            }

            if (!BitConverter.IsLittleEndian)
            {
                BinaryPrimitives.ReverseEndianness(table, table);
            }

            return copy;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads only whose copy a file is.</summary>
    /// <exception cref="InvalidDataException">It does not say.</exception>
    public static HeldHeader ReadHeader(string path)
    {
        using var file = Open(path, FileMode.Open);
        return ReadHeader(file, out _);
    }

    /// <summary>One more user; false where it is closed already.</summary>
    public bool TryUse()
    {
        for (var users = Volatile.Read(ref _users); users > 0; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One user less.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _file.Dispose();
        }
    }

    /// <summary>See <see cref="IHeldCopy.FirstHeld"/>.</summary>
    public ByteRange? FirstHeld(long position) => _blocks.FirstHeld(position);

    /// <summary>See <see cref="IHeldReader.ReadAsync"/>.</summary>
    public ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (position >= _geometry.Size || buffer.IsEmpty)
        {
            return new(0);
        }

        var block = _geometry.BlockAt(position);
        var range = _geometry.BytesOf(block);
        if (_blocks[block] == 0)
        {
            if (_blocks.PieceAt(position) is { } piece)
            {
                return ReadPartAsync(block, new ByteRange(piece.From, piece.To - 1), piece.Checksum, position, buffer, cancellationToken);
            }

            // Its pieces may have become a whole block between the two questions: held all along, it must not pass for missing.
            if (_blocks[block] == 0)
            {
                return new(0);
            }
        }

        return position == range.First && buffer.Length >= range.Length
            ? ReadBlocksAsync(block, buffer, cancellationToken)
            : ReadPartAsync(block, range, null, position, buffer, cancellationToken);
    }

    /// <summary>Stores bytes; blocks the caller. What is held already stays as it is.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && position < _geometry.Size)
        {
            var length = _blocks.Writable(position, bytes.Length);
            if (length > 0)
            {
                WriteWithinBlock(position, bytes[..length]);
            }
            else
            {
                length = (int)Math.Min(bytes.Length, (_blocks.FirstHeld(position)?.Last ?? position) + 1 - position);
            }

            position += length;
            bytes = bytes[length..];
        }
    }

    private static HeldGeometry GeometryOf(HeldHeader header)
    {
        var geometry = new HeldGeometry(header.Info.Size, header.Identity.ChunkSize);
        return geometry.Blocks <= Array.MaxLength / 16
            ? geometry
            : throw new IOException("The chunk size is too small for an object of this size: its table of checksums would not fit.");
    }

    private static SafeFileHandle Open(string path, FileMode mode) => File.OpenHandle(
        path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous | FileOptions.RandomAccess);

    private static HeldHeader ReadHeader(SafeFileHandle file, out int length)
    {
        Span<byte> preamble = stackalloc byte[HeldHeader.PreambleSize];
        var read = RandomAccess.Read(file, preamble, 0);
        var header = new byte[HeldHeader.LengthOf(preamble[..read])];
        length = HeldHeader.PreambleSize + header.Length;
        return RandomAccess.Read(file, header, HeldHeader.PreambleSize) == header.Length
            ? HeldHeader.Parse(preamble, header)
            : throw new InvalidDataException("the header breaks off");
    }

    private void WriteWithinBlock(long position, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _dataOffset + position);
        var block = _geometry.BlockAt(position);
        var range = _geometry.BytesOf(block);
        if (bytes.Length == range.Length)
        {
            Complete(block, Crc32C.Compute(bytes));
        }
        else if (_blocks.Add(position, bytes) is { } pieces)
        {
            Join(block, range, pieces);
        }
    }

    /// <summary>A block came in pieces, and is whole now: one checksum takes the place of theirs, once theirs have been found right.</summary>
    private void Join(long block, ByteRange range, IReadOnlyList<BlockTable.Piece> pieces)
    {
        if (pieces.Count == 1)
        {
            Complete(block, pieces[0].Checksum);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)range.Length);
        try
        {
            var bytes = buffer.AsSpan(0, (int)range.Length);
            var read = RandomAccess.Read(_file, bytes, _dataOffset + range.First);
            foreach (var piece in pieces)
            {
                if (read < bytes.Length || Crc32C.Compute(bytes[(int)(piece.From - range.First)..(int)(piece.To - range.First)]) != piece.Checksum)
                {
                    Damaged(block);
                    return;
                }
            }

            Complete(block, Crc32C.Compute(bytes));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Complete(long block, uint checksum)
    {
        var entry = BlockTable.Entry(checksum);
        WriteEntry(block, entry);
        _blocks.Complete(block, entry);
    }

    private void WriteEntry(long block, uint entry)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, entry);
        RandomAccess.Write(_file, bytes, _tableOffset + (block * sizeof(uint)));
    }

    /// <summary>Reads whole blocks straight into the buffer, as many as fit and are held, and checks each.</summary>
    private async ValueTask<int> ReadBlocksAsync(long first, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var start = _geometry.BytesOf(first).First;
        var length = 0;
        for (var block = first; block < _geometry.Blocks && _blocks[block] != 0; block++)
        {
            var size = (int)_geometry.BytesOf(block).Length;
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
            var size = (int)_geometry.BytesOf(block).Length;
            if (good + size > read || BlockTable.Entry(Crc32C.Compute(buffer.Span.Slice(good, size))) != _blocks[block])
            {
                Damaged(block);
                break;
            }

            good += size;
        }

        return good;
    }

    /// <summary>Reads a block, or a piece of one, to check it, and hands out the bytes that were asked for.</summary>
    private async ValueTask<int> ReadPartAsync(
        long block, ByteRange part, uint? pieceChecksum, long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var scratch = ArrayPool<byte>.Shared.Rent((int)part.Length);
        try
        {
            var bytes = scratch.AsMemory(0, (int)part.Length);
            var read = await ReadFileAsync(part.First, bytes, cancellationToken);
            var checksum = Crc32C.Compute(bytes.Span);
            if (read < bytes.Length || !(pieceChecksum is { } expected ? expected == checksum : _blocks[block] == BlockTable.Entry(checksum)))
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
            return await DiskReader.ReadAsync(_file, _dataOffset + position, buffer, cancellationToken);
        }
        catch (IOException)
        {
            // A sector that cannot be read is a block that is not held.
            return 0;
        }
    }

    private void Damaged(long block)
    {
        Log.HeldBlockDamaged(_logger, System.IO.Path.GetFileName(Path), _geometry.BytesOf(block).First);
        _blocks.Forget(block);
        try
        {
            WriteEntry(block, 0);
        }
        catch (IOException)
        {
            // The next start will find the same, and forget it again.
        }
    }
}
