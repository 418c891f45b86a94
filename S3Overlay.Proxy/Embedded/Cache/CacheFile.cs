using System.Buffers;
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
/// The file of a cache entry: sparse, every byte at its own position. Nothing is synced: after a power cut a block either matches its
/// checksum or does not count as cached. Shared by all users.
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
    private CacheLedger.Usage? _account;

    /// <summary>True once a damaged block was found: the file had bytes, though none may be left.</summary>
    private volatile bool _isDamaged;

    private CacheFile(SafeFileHandle file, string path, CacheFileHeader header, BlockGeometry geometry, long tableOffset, uint[] checksums,
        ILogger logger)
    {
        _table = new BlockTable(geometry, checksums);
        (_file, Path, _header, _geometry, _tableOffset, _logger) = (file, path, header, geometry, tableOffset, logger);
        _dataOffset = CacheFileHeader.Align(tableOffset + (geometry.Blocks * sizeof(uint)));
        _blocks = new BlockFile(file, geometry, _dataOffset, _table, KeepEntries, Damaged, change => _account?.Add(change));
    }

    public string Path { get; }

    public CacheFileHeader Header => _header;

    /// <summary>Counts its bytes and uses; null until <see cref="Enter"/>.</summary>
    public CacheLedger.Usage? Account => _account;

    /// <summary>Bytes in its complete blocks.</summary>
    public long CachedBytes => _table.CachedBytes();

    /// <summary>Creates the file of an empty entry, or of one of one block with all its bytes.</summary>
    public static CacheFile Create(StoreDisk disk, string path, CacheFileHeader header, byte[]? whole, uint checksum, ILogger logger)
    {
        var geometry = GeometryOf(header);
        var bytes = header.ToBytes();
        var file = Open(path, FileMode.CreateNew);
        try
        {
            var table = whole is null ? new uint[geometry.Blocks] : [checksum];
            var cacheFile = new CacheFile(file, path, header, geometry, CacheFileHeader.Align(bytes.Length), table, logger);
            if (whole is null)
            {
                disk.Write(file, bytes, 0);
                disk.SetLength(file, cacheFile._dataOffset + geometry.Size);
            }
            else
            {
                cacheFile.WriteWhole(disk, bytes, checksum, whole);
            }

            return cacheFile;
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Opens an existing entry.</summary>
    /// <exception cref="InvalidDataException">The header is damaged.</exception>
    public static CacheFile Open(string path, ILogger logger)
    {
        var file = DiskReader.TryOpenCached(path, canWrite: true) ?? Open(path, FileMode.Open);
        try
        {
            var header = ReadHeader(file, out var length);
            var geometry = GeometryOf(header);
            var table = new uint[geometry.Blocks];
            var cacheFile = new CacheFile(file, path, header, geometry, CacheFileHeader.Align(length), table, logger);
            if (RandomAccess.Read(file, MemoryMarshal.AsBytes(table.AsSpan()), cacheFile._tableOffset) != table.Length * sizeof(uint))
            {
                throw new InvalidDataException("the table of checksums is too short");
            }

            if (!BitConverter.IsLittleEndian)
            {
                BinaryPrimitives.ReverseEndianness(table, table);
            }

            return cacheFile;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Starts counting. Call before anything is written.</summary>
    public void Enter(CacheLedger ledger, CacheRows.Entry entry) => _account = ledger.Open(entry, _header.Bucket, _header.Key, CachedBytes);

    /// <summary>Counts the bytes in a file's complete blocks.</summary>
    /// <exception cref="InvalidDataException">The header is damaged.</exception>
    public static long Count(string path, ILogger logger)
    {
        using var cacheFile = Open(path, logger);
        return cacheFile.CachedBytes;
    }

    /// <summary>Reads only the header.</summary>
    /// <exception cref="InvalidDataException">The header is damaged.</exception>
    public static CacheFileHeader ReadHeader(string path)
    {
        using var file = DiskReader.TryOpenCached(path, canWrite: true) ?? Open(path, FileMode.Open);
        return ReadHeader(file, out _);
    }

    /// <summary>
    /// Records that the version was current at a moment, unless a later one is recorded. Blocks; one call at a time. If the disk fails, the
    /// record is lost at the next start.
    /// </summary>
    /// <returns>False if the header has no room for it.</returns>
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

        // One write, so a crash leaves the old header or the new one.
        _header = header;
        RandomAccess.Write(_file, bytes, 0);
        return true;
    }

    /// <summary>See <see cref="ICacheEntry.FirstCached"/>.</summary>
    public ByteRange? FirstCached(long position) => _blocks.FirstCached(position);

    /// <summary>See <see cref="ICacheEntry.HasBytes"/>.</summary>
    public bool HasBytes => _isDamaged || _geometry.Size == 0 || FirstCached(0) is not null;

    /// <summary>See <see cref="IEntryReader.ReadAsync"/>.</summary>
    public ValueTask<int> ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _blocks.ReadAsync(position, buffer, cancellationToken);

    /// <summary>Stores bytes; blocks. Blocks that are already cached are unchanged.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes) => _blocks.Write(position, bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _account?.FileClosed();
    }

    /// <summary>One system call. A crash leaves a file whose block matches its checksum or does not count.</summary>
    private void WriteWhole(StoreDisk disk, byte[] header, uint checksum, byte[] whole)
    {
        var length = (int)_dataOffset + whole.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var bytes = buffer.AsSpan(0, length);
            bytes[..(int)_dataOffset].Clear();
            header.CopyTo(bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(int)_tableOffset..], checksum);
            whole.CopyTo(bytes[(int)_dataOffset..]);
            disk.Write(_file, bytes, 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
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
            : throw new InvalidDataException("the header is too short");
    }

    private void Damaged(long block)
    {
        _isDamaged = true;
        Log.CacheBlockDamaged(_logger, System.IO.Path.GetFileName(Path), _geometry.BytesOf(block).First);
    }

    private void KeepEntries(long first, ReadOnlySpan<uint> entries)
    {
        var bytes = MemoryMarshal.AsBytes(entries);
        if (!BitConverter.IsLittleEndian)
        {
            var reversed = new uint[entries.Length];
            BinaryPrimitives.ReverseEndianness(entries, reversed);
            bytes = MemoryMarshal.AsBytes(reversed.AsSpan());
        }

        RandomAccess.Write(_file, bytes, _tableOffset + (first * sizeof(uint)));
    }
}
