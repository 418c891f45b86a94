using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// An open file of the store, shared by all readers: positional reads do not disturb each other. Blocks are checked against the table as
/// they are read.
/// </summary>
internal sealed class OpenFile(FileId id, SafeFileHandle file, FilePreamble preamble, byte[]? table, StoredPart[] parts) : IDisposable
{
    /// <summary>Tables up to this size, for 64 MiB of data, stay in memory. Longer ones are read along with their blocks.</summary>
    private const int MaxTable = 4096;

    public FileId Id => id;

    /// <summary>Bytes of data.</summary>
    public long Length => preamble.DataLength;

    /// <summary>A manifest's parts, in order; empty for any other file.</summary>
    public StoredPart[] Parts => parts;

    /// <summary>Opens a file and reads its header. Blocks; called on the thread pool.</summary>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static OpenFile Open(StoreFolders folders, FileId id) => Read(id, RecordFile.Open(folders.PathOf(id)), RecordFile.ReadFully)
        ?? throw new InvalidDataException("The file is too short.");

    /// <summary>The same without waiting for the disk; null if that is not possible.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static OpenFile? TryOpenCached(StoreFolders folders, FileId id) =>
        DiskReader.TryOpenCached(folders.PathOf(id)) is { } file
            ? Read(id, file, static (file, buffer, offset) => DiskReader.TryReadCached(file, offset, buffer)) : null;

    /// <returns>The file, which is closed if it is not returned; null if a read is too short.</returns>
    private static OpenFile? Read(FileId id, SafeFileHandle file, Reader read)
    {
        OpenFile? opened = null;
        try
        {
            Span<byte> start = stackalloc byte[FilePreamble.Size];
            if (read(file, start, 0) < FilePreamble.Size)
            {
                return null;
            }

            var preamble = FilePreamble.Read(start);
            var parts = Array.Empty<StoredPart>();
            if (preamble.Kind == FileKind.Manifest)
            {
                var header = new byte[preamble.HeaderLength];
                if (read(file, header, FilePreamble.Size) < header.Length)
                {
                    return null;
                }

                parts = [.. FileHeader.Read(RecordFile.Checked(preamble, header)).Parts];
            }

            byte[]? table = null;
            if (BlockChecksums.TableLengthOf(preamble.DataLength) is var length && length <= MaxTable)
            {
                table = new byte[length];
                if (read(file, table, preamble.TableOffset) < length)
                {
                    return null;
                }

                if (Crc32C.Compute(table) != preamble.TableChecksum)
                {
                    throw new InvalidDataException("The file's block table is damaged.");
                }
            }

            return opened = new OpenFile(id, file, preamble, table, parts);
        }
        finally
        {
            if (opened is null)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>
    /// Reads whole blocks and checks each. <paramref name="position"/> is a block's start; the buffer ends at a block's end or at the end
    /// of the data.
    /// </summary>
    /// <exception cref="InvalidDataException">A block is damaged. Do not use the buffer then.</exception>
    public async ValueTask ReadBlocksAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (await DiskReader.ReadAsync(file, preamble.DataOffset + position, buffer, cancellationToken) != buffer.Length)
        {
            throw new InvalidDataException($"The file {id} is too short.");
        }

        var first = (int)(position / BlockChecksums.BlockSize);
        var entries = table is null
            ? await ReadEntriesAsync(first, (int)BlockChecksums.BlocksOf(buffer.Length), cancellationToken)
            : table.AsMemory(first * BlockChecksums.EntrySize);
        if (BlockChecksums.FirstDamaged(buffer.Span, entries.Span) is var damaged && damaged >= 0)
        {
            throw new InvalidDataException($"Block {first + damaged} of the file {id} is damaged.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private async ValueTask<Memory<byte>> ReadEntriesAsync(int first, int count, CancellationToken cancellationToken)
    {
        var entries = new byte[count * BlockChecksums.EntrySize];
        var offset = preamble.TableOffset + ((long)first * BlockChecksums.EntrySize);
        return await DiskReader.ReadAsync(file, offset, entries, cancellationToken) == entries.Length
            ? entries
            : throw new InvalidDataException($"The block table of the file {id} is too short.");
    }

    /// <summary>Reads until the buffer is full, if it can. Returns the number of bytes.</summary>
    private delegate int Reader(SafeFileHandle file, Span<byte> buffer, long offset);
}
