using System.Buffers.Binary;
using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// One held copy: a sparse file in which every byte has its own place from the start. Nothing in it is synced: after a power cut a block
/// either comes back with its checksum or is not held. Shared by all who use it.
/// </summary>
internal sealed class CacheFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly BlockGeometry _geometry;
    private readonly BlockFile _blocks;
    private readonly long _tableOffset;
    private readonly long _dataOffset;
    private readonly ILogger _logger;
    private readonly BlockTable _table;
    private volatile CacheFileHeader _header;
    private EntryUsage? _account;

    private CacheFile(SafeFileHandle file, string path, CacheFileHeader header, BlockGeometry geometry, long tableOffset, uint[] checksums,
        ILogger logger)
    {
        _table = new BlockTable(geometry, checksums);
        (_file, Path, _header, _geometry, _tableOffset, _logger) = (file, path, header, geometry, tableOffset, logger);
        _dataOffset = CacheFileHeader.Align(tableOffset + (geometry.Blocks * sizeof(uint)));
        _blocks = new BlockFile(file, geometry, _dataOffset, _table, KeepEntry, Damaged, change => _account?.Add(change));
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Whose copy it is, and what is known of it.</summary>
    public CacheFileHeader Header => _header;

    /// <summary>Where what it holds and when it is used is counted; null until <see cref="Enter"/>.</summary>
    public EntryUsage? Account => _account;

    /// <summary>How many bytes its whole blocks hold.</summary>
    public long HeldBytes => _table.HeldBytes();

    /// <summary>Makes the file of an empty copy.</summary>
    public static CacheFile Create(StoreDisk disk, string path, CacheFileHeader header, ILogger logger)
    {
        var geometry = GeometryOf(header);
        var bytes = header.ToBytes();
        var file = Open(path, FileMode.CreateNew);
        try
        {
            var copy = new CacheFile(file, path, header, geometry, CacheFileHeader.Align(bytes.Length), new uint[geometry.Blocks], logger);
            disk.Write(file, bytes, 0);
            disk.SetLength(file, copy._dataOffset + geometry.Size);
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
    public static CacheFile Open(string path, ILogger logger)
    {
        var file = Open(path, FileMode.Open);
        try
        {
            var header = ReadHeader(file, out var length);
            var geometry = GeometryOf(header);
            var table = new uint[geometry.Blocks];
            var copy = new CacheFile(file, path, header, geometry, CacheFileHeader.Align(length), table, logger);
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

    /// <summary>From now on what it holds is counted. Before anything is written to it.</summary>
    public void Enter(CacheLedger ledger, IndexedEntry entry) => _account = ledger.Open(entry, _header.Bucket, _header.Key, HeldBytes);

    /// <summary>Reads how many bytes a file's whole blocks hold.</summary>
    /// <exception cref="InvalidDataException">It does not say.</exception>
    public static long Count(string path, ILogger logger)
    {
        using var copy = Open(path, logger);
        return copy.HeldBytes;
    }

    /// <summary>Reads only whose copy a file is.</summary>
    /// <exception cref="InvalidDataException">It does not say.</exception>
    public static CacheFileHeader ReadHeader(string path)
    {
        using var file = Open(path, FileMode.Open);
        return ReadHeader(file, out _);
    }

    /// <summary>
    /// Notes that the version was the remote's current one at a moment, unless a later one is noted; blocks the caller. One at a time.
    /// Where the disk fails, all but the next start know it.
    /// </summary>
    /// <returns>Whether the file has room for it.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public bool TryRenew(DateTimeOffset validatedAt, ObjectInfo? info)
    {
        var before = _header;
        if (validatedAt < before.ValidatedAt)
        {
            return true;
        }

        var header = before with { ValidatedAt = validatedAt, Info = info is null ? before.Info : info with { ETag = before.Info.ETag } };
        var bytes = header.ToBytes();
        if (CacheFileHeader.Align(bytes.Length) != _tableOffset)
        {
            return false;
        }

        // In one piece: what a crash leaves is the one header or the other.
        _header = header;
        RandomAccess.Write(_file, bytes, 0);
        return true;
    }

    /// <summary>See <see cref="ICacheEntry.FirstHeld"/>.</summary>
    public ByteRange? FirstHeld(long position) => _blocks.FirstHeld(position);

    /// <summary>See <see cref="IEntryReader.ReadAsync"/>.</summary>
    public ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _blocks.ReadAsync(position, buffer, cancellationToken);

    /// <summary>Stores bytes; blocks the caller. What is held already stays as it is.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes) => _blocks.Write(position, bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _account?.FileClosed();
    }

    private static BlockGeometry GeometryOf(CacheFileHeader header)
    {
        var geometry = new BlockGeometry(header.Info.Size, header.Identity.ChunkSize);
        return geometry.Blocks <= Array.MaxLength / 16
            ? geometry
            : throw new IOException("The chunk size is too small for an object of this size: its table of checksums would not fit.");
    }

    private static SafeFileHandle Open(string path, FileMode mode) => File.OpenHandle(
        path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous | FileOptions.RandomAccess);

    private static CacheFileHeader ReadHeader(SafeFileHandle file, out int length)
    {
        Span<byte> preamble = stackalloc byte[CacheFileHeader.PreambleSize];
        var read = RandomAccess.Read(file, preamble, 0);
        var header = new byte[CacheFileHeader.LengthOf(preamble[..read])];
        length = CacheFileHeader.PreambleSize + header.Length;
        return RandomAccess.Read(file, header, CacheFileHeader.PreambleSize) == header.Length
            ? CacheFileHeader.Parse(preamble, header)
            : throw new InvalidDataException("the header breaks off");
    }

    private void WriteEntry(long block, uint entry)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, entry);
        RandomAccess.Write(_file, bytes, _tableOffset + (block * sizeof(uint)));
    }

    private void Damaged(long block) => Log.HeldBlockDamaged(_logger, System.IO.Path.GetFileName(Path), _geometry.BytesOf(block).First);

    /// <summary>Forgetting a block need not succeed: the next start will find the same, and forget it again.</summary>
    private void KeepEntry(long block, uint entry)
    {
        try
        {
            WriteEntry(block, entry);
        }
        catch (IOException) when (entry == 0)
        {
        }
    }
}
