using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>Small files that hold one record and no data: buckets and uploads. A preamble like every file of the store, and the record as its header.</summary>
internal static class RecordFile
{
    /// <summary>Writes one aside, syncs it, moves it to its place and syncs the folder.</summary>
    public static async Task WriteAsync(
        StoreFolders folders, StoreDisk disk, FileKind kind, string path, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        var aside = folders.IncomingPathOf(FileId.New());
        await Task.Run(
            () =>
            {
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
            },
            cancellationToken);
        await disk.SyncFolderAsync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Takes one away, for good.</summary>
    public static async Task DeleteAsync(StoreDisk disk, string path)
    {
        disk.Delete(path);
        await disk.SyncFolderAsync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads preamble and header of any file of the store.</summary>
    /// <exception cref="InvalidDataException">It is none, or is damaged.</exception>
    public static (FilePreamble Preamble, byte[] Header) ReadHeader(SafeFileHandle file)
    {
        Span<byte> start = stackalloc byte[FilePreamble.Size];
        if (ReadFully(file, start, 0) < FilePreamble.Size)
        {
            throw new InvalidDataException("The file breaks off in its preamble.");
        }

        var preamble = FilePreamble.Read(start);
        var header = new byte[preamble.HeaderLength];
        return ReadFully(file, header, FilePreamble.Size) == header.Length && Crc32C.Compute(header) == preamble.HeaderChecksum
            ? (preamble, header)
            : throw new InvalidDataException("The file's header is damaged.");
    }

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

    /// <summary>Opens a file of the store for reading.</summary>
    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);

    private static byte[] Encode(FileKind kind, ReadOnlySpan<byte> record)
    {
        var bytes = new byte[FilePreamble.Size + record.Length];
        var end = FilePreamble.Size + record.Length;
        new FilePreamble(kind, record.Length, Crc32C.Compute(record), end, 0, end, 0).Write(bytes);
        record.CopyTo(bytes.AsSpan(FilePreamble.Size));
        return bytes;
    }
}
