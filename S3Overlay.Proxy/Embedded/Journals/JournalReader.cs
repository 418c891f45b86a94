using System.Buffers;
using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Journals;

/// <summary>
/// Reads a journal's records in order, one in memory at a time, and distinguishes a torn tail from damage. A killed process leaves an
/// incomplete last record at the end of the file. Any other bad record, or one with a good record behind it, is damage.
/// </summary>
internal sealed class JournalReader : IDisposable
{
    /// <summary>Bytes of a record's frame: its length and its CRC-32C, which covers both.</summary>
    public const int FrameHead = 8;

    /// <summary>The longest record that is searched for behind a bad one. Most have a few hundred bytes.</summary>
    private const int LongestFound = 1 << 20;

    /// <summary>The longest record in which a wrong bit is looked for: each bit costs a checksum.</summary>
    private const int LongestCorrected = 4096;

    private readonly SafeFileHandle _file;
    private readonly long _length;

    /// <summary>A byte of the current record that is not what the file says.</summary>
    private (long Position, byte Value)? _corrected;

    private JournalReader(SafeFileHandle file) => (_file, _length) = (file, RandomAccess.GetLength(file));

    /// <summary>The end of the last record read.</summary>
    public long Position { get; private set; }

    /// <summary>True if the whole file was read.</summary>
    public bool IsAtEnd => Position == _length;

    /// <summary>
    /// True if the rest is an incomplete record at the end of the file. Valid once <see cref="TryRead"/> has returned false.
    /// </summary>
    public bool IsTorn { get; private set; }

    /// <summary>Bytes left.</summary>
    public long Left => _length - Position;

    /// <summary>Opens a journal at a position; null if it does not exist.</summary>
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
    /// <returns>False at the end, and at a bad record.</returns>
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
        _corrected = null;
        return true;
    }

    /// <summary>
    /// Looks for one wrong bit in the record at the current position: a CRC-32C identifies it. Then <see cref="TryRead"/> returns the
    /// corrected record.
    /// </summary>
    /// <param name="position">Where the wrong byte is in the file.</param>
    /// <param name="right">What it must be.</param>
    /// <returns>False if that does not explain the damage.</returns>
    public bool TryCorrect(out long position, out byte right)
    {
        (position, right) = (0, 0);
        if (_corrected is not null || Left < FrameHead)
        {
            return false;
        }

        var bytes = new byte[(int)Math.Min(Left, FrameHead + LongestCorrected)];
        Fill(bytes, Position);
        var size = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var isPlausible = size >= 0 && size <= bytes.Length - FrameHead;
        var bits = 8 * (isPlausible ? FrameHead + size : sizeof(int));
        for (var bit = 0; bit < bits; bit++)
        {
            var mask = (byte)(1 << (bit % 8));
            bytes[bit / 8] ^= mask;
            size = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (size >= 0 && size <= bytes.Length - FrameHead && Fits(bytes.AsSpan(0, FrameHead), bytes.AsSpan(FrameHead, size)))
            {
                (position, right) = (Position + (bit / 8), bytes[bit / 8]);
                _corrected = (position, right);
                return true;
            }

            bytes[bit / 8] ^= mask;
        }

        return false;
    }

    /// <summary>Moves to the next good record after a bad one.</summary>
    /// <returns>False if there is none.</returns>
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

    /// <summary>Start of the next good record. A bad length does not help, so each byte is tried.</summary>
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
        if (RecordFile.ReadFully(_file, buffer, position) < buffer.Length)
        {
            throw new EndOfStreamException();
        }

        if (_corrected is { } corrected && corrected.Position - position is >= 0 and var at && at < buffer.Length)
        {
            buffer[(int)at] = corrected.Value;
        }
    }
}
