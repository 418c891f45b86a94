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

    /// <summary>True if a WAL of which SQLite could read so many frames was longer when a checkpoint began.</summary>
    /// <param name="wal">The first bytes of the WAL before SQLite opened it.</param>
    /// <param name="frames">The frames that SQLite found in it.</param>
    public bool SaysMoreThan(ReadOnlySpan<byte> wal, int frames)
    {
        if (wal.Length < WalHeaderSize || !File.Exists(path))
        {
            return false;
        }

        var bytes = File.ReadAllBytes(path);
        return bytes.Length == Size && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^4..)) == Crc32C.Compute(bytes.AsSpan(..^4))
            && wal.Slice(16, SaltSize).SequenceEqual(bytes.AsSpan(0, SaltSize))
            && WalHeaderSize + ((long)frames * FrameSize) < BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(SaltSize));
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
