using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>
/// A stored file, changed by an attacker who knows the format and has no key: every checksum is made right again after a change, so only
/// the encryption can notice it.
/// </summary>
internal sealed class Forgery
{
    private FilePreamble _preamble;

    private Forgery(byte[] bytes)
    {
        _preamble = FilePreamble.Read(bytes);
        Header = FileHeader.Read(bytes.AsSpan(FilePreamble.Size, _preamble.HeaderLength));
        Data = bytes[(int)_preamble.DataOffset..];
        var tags = (int)_preamble.TableOffset + BlockChecksums.TableLengthOf(_preamble.DataLength);
        Tags = bytes[tags..(tags + BlockCipher.TagsLengthOf(_preamble.DataLength))];
    }

    /// <summary>What the file says of itself.</summary>
    public FileHeader Header { get; set; }

    /// <summary>The encrypted blocks.</summary>
    public byte[] Data { get; set; }

    /// <summary>The tag of each block.</summary>
    public byte[] Tags { get; set; }

    public static Forgery Of(string path) => new(File.ReadAllBytes(path));

    /// <summary>Writes the file as if it had always been like this.</summary>
    public void WriteTo(string path)
    {
        var header = Header.Write().WrittenMemory;
        var layout = FileLayout.For(header.Length, Data.Length, isEncrypted: true);
        var table = new byte[BlockChecksums.TableLengthOf(Data.Length)];
        BlockChecksums.Compute(Data, table);
        _preamble = _preamble with
        {
            HeaderLength = header.Length,
            HeaderChecksum = Crc32C.Compute(header.Span),
            TableOffset = layout.TableOffset,
            TableChecksum = Crc32C.Compute([.. table, .. Tags]),
            DataOffset = layout.DataOffset,
            DataLength = Data.Length,
        };
        var bytes = new byte[layout.DataOffset + Data.Length];
        _preamble.Write(bytes);
        header.Span.CopyTo(bytes.AsSpan(FilePreamble.Size));
        table.CopyTo(bytes.AsSpan((int)layout.TableOffset));
        Tags.CopyTo(bytes.AsSpan((int)layout.TableOffset + table.Length));
        Data.CopyTo(bytes.AsSpan((int)layout.DataOffset));
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Reads a file as the store does, with the row that a rebuild makes of it.</summary>
    /// <param name="folders">The store's folders.</param>
    /// <param name="id">The file.</param>
    /// <param name="key">The key.</param>
    /// <param name="expected">The object that a client asks for; null for the one that the file names.</param>
    public static async Task<byte[]> ReadAsync(StoreFolders folders, FileId id, WrappingKey key, ObjectName? expected = null)
    {
        var header = FileHeader.ReadFrom(folders.PathOf(id));
        using var file = OpenFile.Open(folders, id);
        using var unlock = ObjectUnlock.Open(
            expected ?? new ObjectName(header.Bucket, header.Key), ObjectRow.Of(id, header), file, key);
        var bytes = new byte[file.Length];
        await file.ReadBlocksAsync(0, bytes, unlock.Cipher, default);
        return bytes;
    }

    /// <summary>Puts a number of a block elsewhere.</summary>
    public void SwapBlocks(int one, int other)
    {
        const int Block = BlockChecksums.BlockSize;
        (Data, Tags) = ([.. Data], [.. Tags]);
        Swap(Data.AsSpan(one * Block, Block), Data.AsSpan(other * Block, Block));
        Swap(Tags.AsSpan(one * BlockCipher.TagSize, BlockCipher.TagSize), Tags.AsSpan(other * BlockCipher.TagSize, BlockCipher.TagSize));
    }

    private static void Swap(Span<byte> one, Span<byte> other)
    {
        var kept = one.ToArray();
        other.CopyTo(one);
        kept.CopyTo(other);
    }
}
