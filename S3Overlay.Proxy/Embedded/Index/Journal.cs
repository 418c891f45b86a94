using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies.Hashing;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// Framed records behind each other in one file: length, CRC-32C, bytes. A torn tail, what a power cut leaves, is found at opening and cut off; everything
/// before it was acknowledged and is whole. Where the disk is too full even for that, the next append does it.
/// </summary>
internal sealed class Journal : IDisposable
{
    private const int FrameHead = 8;

    private readonly SafeFileHandle _file;
    private readonly StoreDisk _disk;
    private long _end;

    private Journal(string path, SafeFileHandle file, StoreDisk disk, long end) => (Path, _file, _disk, _end) = (path, file, disk, end);

    public string Path { get; }

    public long Length => _end;

    /// <summary>Whether something that was refused may stand behind the end.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Opens or makes the file, hands every whole record to <paramref name="replay"/>, and cuts off what follows them.</summary>
    public static Journal Open(string path, StoreDisk disk, Action<ReadOnlyMemory<byte>> replay)
    {
        var file = disk.Open(path);
        try
        {
            var journal = new Journal(path, file, disk, Replay(file, replay));
            journal.CutTorn();
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends records with one write, and brings them to the disk where that is durable. On failure nothing of them stays, or that is in doubt.</summary>
    /// <exception cref="IOException">Nothing of them is there, whatever failed.</exception>
    /// <exception cref="JournalInDoubtException">It failed, and so did taking back what may have been written.</exception>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        var start = _end;
        try
        {
            var buffers = new List<ReadOnlyMemory<byte>>(records.Count * 2);
            var length = 0L;
            foreach (var record in records)
            {
                var head = new byte[FrameHead];
                BinaryPrimitives.WriteInt32LittleEndian(head, record.Length);
                BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), Crc32C.Append(Crc32C.Compute(head.AsSpan(0, 4)), record.Span));
                buffers.Add(head);
                buffers.Add(record);
                length += FrameHead + record.Length;
            }

            CutTail();
            _disk.Write(_file, buffers, start);
            _disk.Sync(_file);
            _end = start + length;
        }
        catch (Exception failure)
        {
            TakeBack(failure);
            if (failure is IOException)
            {
                throw;
            }

            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>Takes back what was refused and may still be there.</summary>
    /// <exception cref="IOException">It still may.</exception>
    public void CutTail()
    {
        if (IsInDoubt)
        {
            _disk.SetLength(_file, _end);
            _disk.Sync(_file);
            IsInDoubt = false;
        }
    }

    public void Dispose() => _file.Dispose();

    private void CutTorn()
    {
        if (_end == RandomAccess.GetLength(_file))
        {
            return;
        }

        try
        {
            _disk.SetLength(_file, _end);
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            IsInDoubt = true;
        }
    }

    /// <summary>A record that was refused must not come back at the next opening.</summary>
    private void TakeBack(Exception failure)
    {
        try
        {
            IsInDoubt = true;
            CutTail();
        }
        catch (Exception)
        {
            throw new JournalInDoubtException(failure);
        }
    }

    private static long Replay(SafeFileHandle file, Action<ReadOnlyMemory<byte>> replay)
    {
        var head = new byte[FrameHead];
        var length = RandomAccess.GetLength(file);
        var position = 0L;
        while (position + FrameHead <= length)
        {
            Fill(file, head, position);
            var size = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (size < 0 || position + FrameHead + size > length)
            {
                break;
            }

            var record = new byte[size];
            Fill(file, record, position + FrameHead);
            if (Crc32C.Append(Crc32C.Compute(head.AsSpan(0, 4)), record) != BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)))
            {
                break;
            }

            replay(record);
            position += FrameHead + size;
        }

        return position;
    }

    private static void Fill(SafeFileHandle file, Span<byte> buffer, long position)
    {
        while (!buffer.IsEmpty)
        {
            var read = RandomAccess.Read(file, buffer, position);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            buffer = buffer[read..];
            position += read;
        }
    }
}
