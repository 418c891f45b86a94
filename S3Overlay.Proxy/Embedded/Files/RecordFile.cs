using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Small files with one record and no data. Each has a preamble like every file of the store, and the record as its header.
/// </summary>
internal static class RecordFile
{
    /// <summary>Writes a record to a temporary file, syncs it, renames it and syncs the folder.</summary>
    public static async Task WriteAsync(
        StoreFolders folders, StoreDisk disk, FileKind kind, string path, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        await Task.Run(() => Put(folders, disk, kind, path, record), cancellationToken);
        await disk.SyncFolderAsync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads preamble and header of any file of the store.</summary>
    /// <exception cref="InvalidDataException">Not such a file, or damaged.</exception>
    public static (FilePreamble Preamble, byte[] Header) ReadHeader(SafeFileHandle file)
    {
        Span<byte> start = stackalloc byte[FilePreamble.Size];
        if (ReadFully(file, start, 0) < FilePreamble.Size)
        {
            throw new InvalidDataException("The file ends within its preamble.");
        }

        var preamble = FilePreamble.Read(start);
        var header = new byte[preamble.HeaderLength];
        return (preamble, Checked(preamble, header[..ReadFully(file, header, FilePreamble.Size)]));
    }

    /// <summary>A header that matches its preamble.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public static byte[] Checked(FilePreamble preamble, byte[] header) =>
        header.Length == preamble.HeaderLength && Crc32C.Compute(header) == preamble.HeaderChecksum
            ? header
            : throw new InvalidDataException("The file's header is damaged.");

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    public static int ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var total = 0;
        while (total < buffer.Length && RandomAccess.Read(file, buffer[total..], offset + total) is var read && read > 0)
        {
            total += read;
        }

        return total;
    }

    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);

    private static void Put(StoreFolders folders, StoreDisk disk, FileKind kind, string path, ReadOnlyMemory<byte> record)
    {
        var aside = folders.IncomingPathOf(FileId.New());
        try
        {
            using (var file = disk.Create(aside))
            {
                disk.Write(file, Encode(kind, record.Span), 0);
                disk.Sync(file);
            }

            disk.Move(aside, path);
        }
        catch
        {
            disk.Delete(aside);
            throw;
        }
    }

    private static byte[] Encode(FileKind kind, ReadOnlySpan<byte> record)
    {
        var bytes = new byte[FilePreamble.Size + record.Length];
        var end = FilePreamble.Size + record.Length;
        new FilePreamble(kind, record.Length, Crc32C.Compute(record), end, 0, end, 0).Write(bytes);
        record.CopyTo(bytes.AsSpan(FilePreamble.Size));
        return bytes;
    }
}

/// <summary>
/// Set when the disk failed to undo or remove something. Then no <c>CLEAN</c> is written, and the next start, which checks everything,
/// finishes it.
/// </summary>
internal sealed class DirtyFlag
{
    private volatile bool _isSet;

    public bool IsSet => _isSet;

    public void Set() => _isSet = true;
}
