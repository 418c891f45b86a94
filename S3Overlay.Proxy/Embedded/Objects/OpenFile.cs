using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// An open file of the store, shared by all readers: positional reads do not disturb each other. Blocks are checked against the table as
/// they are read.
/// </summary>
/// <param name="id">The file's name.</param>
/// <param name="file">The open file.</param>
/// <param name="preamble">Its preamble.</param>
/// <param name="table">The block table and, in an encrypted file, the tags behind it; null if they are too long.</param>
/// <param name="header">The header of a manifest or an encrypted file; null for any other.</param>
internal sealed class OpenFile(FileId id, SafeFileHandle file, FilePreamble preamble, byte[]? table, FileHeader? header) : IDisposable
{
    /// <summary>Tables up to this size, for 64 MiB of data, stay in memory. Longer ones are read along with their blocks.</summary>
    private const int MaxTable = 4096;

    public FileId Id => id;

    /// <summary>Bytes of data.</summary>
    public long Length => preamble.DataLength;

    /// <summary>A manifest's parts, in order; empty for any other file.</summary>
    public IReadOnlyList<StoredPart> Parts => header?.Parts ?? [];

    /// <summary>The key of the file's data, or of the upload that made a manifest; null if it is not encrypted.</summary>
    public KeyEnvelope? Envelope => header?.Envelope;

    /// <summary>The seal of an encrypted object's manifest.</summary>
    public byte[]? Seal => header?.Seal;

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
            FileHeader? header = null;
            if (preamble.Kind == FileKind.Manifest || preamble.IsEncrypted)
            {
                var bytes = new byte[preamble.HeaderLength];
                if (read(file, bytes, FilePreamble.Size) < bytes.Length)
                {
                    return null;
                }

                header = FileHeader.Read(RecordFile.Checked(preamble, bytes));
            }

            byte[]? table = null;
            if (TableLengthOf(preamble) is var length && length <= MaxTable)
            {
                table = new byte[length];
                if (read(file, table, preamble.TableOffset) < length)
                {
                    return null;
                }

                CheckTable(preamble, table);
            }

            return opened = new OpenFile(id, file, preamble, table, header);
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
    /// <param name="position">Where to read.</param>
    /// <param name="buffer">Gets the bytes.</param>
    /// <param name="cipher">Decrypts the blocks of an encrypted file; null for any other.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="InvalidDataException">A block is damaged, or not the one that was encrypted there. Do not use the buffer then.
    /// </exception>
    public ValueTask ReadBlocksAsync(long position, Memory<byte> buffer, BlockCipher? cipher, CancellationToken cancellationToken) =>
        preamble.IsEncrypted != cipher is not null
            ? throw new InvalidDataException($"The file {id} is {(preamble.IsEncrypted ? "" : "not ")}encrypted.")
            : cipher is null ? ReadStoredAsync(position, buffer, cancellationToken)
            : DecryptAsync(cipher, position, buffer, cancellationToken);

    /// <summary>The same, as the blocks are on disk: for checks.</summary>
    /// <exception cref="InvalidDataException">A block is damaged. Do not use the buffer then.</exception>
    public async ValueTask ReadStoredAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
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

    /// <summary>Checks the whole block table, of which reads of long files check only what they use.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public async ValueTask CheckTableAsync(CancellationToken cancellationToken)
    {
        if (table is null)
        {
            var all = new byte[TableLengthOf(preamble)];
            CheckTable(preamble, all.AsSpan(0, await DiskReader.ReadAsync(file, preamble.TableOffset, all, cancellationToken)));
        }
    }

    /// <summary>The length of the block table and, in an encrypted file, of the tags behind it.</summary>
    private static int TableLengthOf(FilePreamble preamble) => BlockChecksums.TableLengthOf(preamble.DataLength)
        + (preamble.IsEncrypted ? BlockCipher.TagsLengthOf(preamble.DataLength) : 0);

    private static void CheckTable(FilePreamble preamble, ReadOnlySpan<byte> table)
    {
        if (Crc32C.Compute(table) != preamble.TableChecksum)
        {
            throw new InvalidDataException("The file's block table is damaged.");
        }
    }

    private async ValueTask DecryptAsync(BlockCipher cipher, long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await ReadStoredAsync(position, buffer, cancellationToken);
        var (first, offset) = (position / BlockChecksums.BlockSize, BlockChecksums.TableLengthOf(preamble.DataLength));
        var tags = table is null
            ? new byte[BlockCipher.TagsLengthOf(buffer.Length)]
            : table.AsMemory(offset + ((int)first * BlockCipher.TagSize));
        if (table is null && await DiskReader.ReadAsync(
            file, preamble.TableOffset + offset + (first * BlockCipher.TagSize), tags, cancellationToken) != tags.Length)
        {
            throw new InvalidDataException($"The tags of the file {id} are too short.");
        }

        cipher.Decrypt(buffer.Span, first, BlockChecksums.BlocksOf(preamble.DataLength), tags.Span);
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
