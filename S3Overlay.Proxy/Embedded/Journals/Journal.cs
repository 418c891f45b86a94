using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Journals;

/// <summary>
/// Framed records in one file: length, CRC-32C, bytes. <see cref="JournalReader"/> reads them. A torn tail is cut off at opening, or by the
/// next append if the disk is too full even for that.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly StoreDisk _disk;
    private long _end;

    private Journal(string path, SafeFileHandle file, StoreDisk disk, long end) => (Path, _file, _disk, _end) = (path, file, disk, end);

    public string Path { get; }

    public long Length => _end;

    /// <summary>True if a refused record may still be behind the end.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Opens the file to append to it, or creates it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="end">The end of its last complete record. Anything behind it is cut off.</param>
    public static Journal Open(string path, StoreDisk disk, long end)
    {
        var file = disk.Open(path);
        try
        {
            var journal = new Journal(path, file, disk, end);
            journal.CutTorn();
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Appends records with one write, and syncs them if the disk is durable. On failure nothing of them stays, or that is in doubt.
    /// </summary>
    /// <exception cref="IOException">It failed, and nothing of them stays.</exception>
    /// <exception cref="JournalInDoubtException">It failed, and so did the rollback.</exception>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        var start = _end;
        try
        {
            var buffers = new List<ReadOnlyMemory<byte>>(records.Count * 2);
            var length = 0L;
            foreach (var record in records)
            {
                var head = new byte[JournalReader.FrameHead];
                BinaryPrimitives.WriteInt32LittleEndian(head, record.Length);
                BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), JournalReader.Checksum(head, record.Span));
                buffers.Add(head);
                buffers.Add(record);
                length += JournalReader.FrameHead + record.Length;
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

    /// <summary>Removes refused records that may still be there.</summary>
    /// <exception cref="IOException">They still may be.</exception>
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

    /// <summary>A refused record must not reappear at the next opening.</summary>
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
}
