using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Database;

/// <summary>
/// A file that says up to where checkpoints may have copied a WAL to its database. If the WAL can be read less far after a crash, it is
/// damaged, and the database has pages of different moments. SQLite would not notice.
/// </summary>
internal sealed class CheckpointMark(string path, StoreDisk disk) : IDisposable
{
    /// <summary>What is appended to the database's path.</summary>
    public const string Suffix = "-mark";

    /// <summary>Bytes of a WAL's header that change each time it begins anew.</summary>
    public const int SaltSize = 8;

    private const int Size = SaltSize + sizeof(long) + sizeof(uint);
    private const int WalHeaderSize = 32;
    private const int FrameSize = 24 + Pages.Size;

    private SafeFileHandle? _file;

    /// <summary>The salts of a WAL; zeros if it is missing or empty.</summary>
    public static byte[] SaltsOf(string wal)
    {
        var start = new byte[WalHeaderSize];
        if (File.Exists(wal))
        {
            using var file = RecordFile.Open(wal);
            RecordFile.ReadFully(file, start, 0);
        }

        return start[16..(16 + SaltSize)];
    }

    /// <summary>Makes the file if it is missing and the disk has room: a checkpoint on a full disk must not need any for it.</summary>
    public void Make()
    {
        if (File.Exists(path))
        {
            return;
        }

        try
        {
            Write(new byte[SaltSize], 0);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next checkpoint tries again.
        }
    }

    /// <summary>Records that the WAL with these salts is synced up to <paramref name="length"/> bytes.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Write(ReadOnlySpan<byte> salts, long length)
    {
        Span<byte> bytes = stackalloc byte[Size];
        salts.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[SaltSize..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^4..], Crc32C.Compute(bytes[..^4]));
        _file ??= disk.Open(path);
        disk.Write(_file, bytes, 0);
        disk.Sync(_file);
    }

    /// <summary>
    /// How many frames a WAL must have at least, by what is recorded now; 0 if nothing is recorded about it. Call before SQLite opens the
    /// database: its first checkpoint replaces the record.
    /// </summary>
    /// <param name="wal">The WAL's path.</param>
    public long FramesOf(string wal)
    {
        if (!File.Exists(wal) || !File.Exists(path))
        {
            return 0;
        }

        var bytes = File.ReadAllBytes(path);
        return bytes.Length == Size && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^4..)) == Crc32C.Compute(bytes.AsSpan(..^4))
            && bytes.AsSpan(0, SaltSize).SequenceEqual(SaltsOf(wal))
            ? (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(SaltSize)) - WalHeaderSize) / FrameSize
            : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
