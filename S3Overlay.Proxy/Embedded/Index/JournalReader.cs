using System.Buffers;
using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// Reads a journal's records in order, one in memory at a time, and tells a torn tail from damage. A killed process leaves a last record
/// that the file ends in. Everything else that does not fit its checksum, or has a whole record behind it, is damage.
/// </summary>
internal sealed class JournalReader : IDisposable
{
    /// <summary>Bytes of a record's head: its length and its CRC-32C, which covers both.</summary>
    public const int FrameHead = 8;

    /// <summary>The longest record that is searched for behind a bad one. Those of a log of deletes have a few kilobytes.</summary>
    private const int LongestFound = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly long _length;

    private JournalReader(SafeFileHandle file) => (_file, _length) = (file, RandomAccess.GetLength(file));

    /// <summary>Where the last record that was read ends.</summary>
    public long Position { get; private set; }

    /// <summary>Whether all of the file was read.</summary>
    public bool IsAtEnd => Position == _length;

    /// <summary>Whether what is left is a record that the file ends in. Known once <see cref="TryRead"/> has returned false.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>How many bytes are left.</summary>
    public long Left => _length - Position;

    /// <summary>Opens a journal; null if there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="from">The byte to begin with.</param>
    public static JournalReader? Open(string path, long from = 0)
    {
        try
        {
            return new JournalReader(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
                FileOptions.SequentialScan)) { Position = from };
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads the next record.</summary>
    /// <returns>False at the end, and at a record that is bad.</returns>
    public bool TryRead(out ReadOnlyMemory<byte> record)
    {
        record = default;
        if (Left < FrameHead)
        {
            IsTorn = Left > 0;
            return false;
        }

        Span<byte> head = stackalloc byte[FrameHead];
        Fill(head, Position);
        var size = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (size > Left - FrameHead)
        {
            IsTorn = FindNext() is null;
            return false;
        }

        if (size < 0)
        {
            return false;
        }

        var bytes = new byte[size];
        Fill(bytes, Position + FrameHead);
        if (!Fits(head, bytes))
        {
            return false;
        }

        record = bytes;
        Position += FrameHead + size;
        return true;
    }

    /// <summary>Goes on to the next whole record behind a bad one.</summary>
    /// <returns>False where there is none.</returns>
    public bool TrySkip()
    {
        if (FindNext() is not { } next)
        {
            return false;
        }

        Position = next;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The checksum of a record with its length before it.</summary>
    public static uint Checksum(ReadOnlySpan<byte> head, ReadOnlySpan<byte> record) => Crc32C.Append(Crc32C.Compute(head[..4]), record);

    private static bool Fits(ReadOnlySpan<byte> head, ReadOnlySpan<byte> record) =>
        Checksum(head, record) == BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);

    /// <summary>Where the next whole record starts. A bad length says nothing about where that is, so each byte is tried.</summary>
    private long? FindNext()
    {
        var window = ArrayPool<byte>.Shared.Rent(2 * LongestFound);
        try
        {
            for (var from = Position + 1; from + FrameHead <= _length; from += LongestFound)
            {
                var bytes = window.AsSpan(0, (int)Math.Min(2 * LongestFound, _length - from));
                Fill(bytes, from);
                for (var at = 0; at < LongestFound && at + FrameHead <= bytes.Length; at++)
                {
                    var rest = bytes[at..];
                    var size = BinaryPrimitives.ReadInt32LittleEndian(rest);
                    if (size >= 0 && size <= LongestFound - FrameHead && size <= rest.Length - FrameHead
                        && Fits(rest[..FrameHead], rest.Slice(FrameHead, size)))
                    {
                        return from + at;
                    }
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    private void Fill(Span<byte> buffer, long position)
    {
        while (!buffer.IsEmpty)
        {
            var read = RandomAccess.Read(_file, buffer, position);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            buffer = buffer[read..];
            position += read;
        }
    }
}
