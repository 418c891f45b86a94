using System.Buffers.Binary;
using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Encryption;

/// <summary>
/// Encrypts and decrypts the blocks of one file, in place, with AES-256-GCM. The key belongs to this file alone, so the block's number is
/// its nonce. A tag covers the file's name and whether the block is the last: a block in another place is an error.
/// </summary>
/// <remarks>Not for concurrent use: each reader has its own.</remarks>
internal sealed class BlockCipher : IDisposable
{
    /// <summary>Bytes of a block's tag.</summary>
    public const int TagSize = 16;

    private const int NonceSize = 12;

    private readonly AesGcm _aes;
    private readonly FileId _file;

    public BlockCipher(ReadOnlySpan<byte> key, FileId file) => (_aes, _file) = (new AesGcm(key, TagSize), file);

    /// <summary>Bytes of all tags of a length of data.</summary>
    public static int TagsLengthOf(long length) => checked((int)(BlockChecksums.BlocksOf(length) * TagSize));

    /// <summary>Encrypts blocks that follow each other.</summary>
    /// <param name="data">The blocks; only the file's last may be shorter.</param>
    /// <param name="first">The number of the first.</param>
    /// <param name="isEnd">True if the file ends with them.</param>
    /// <param name="tags">Gets their tags.</param>
    public void Encrypt(Span<byte> data, long first, bool isEnd, Span<byte> tags)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        Span<byte> context = stackalloc byte[FileId.Size + 1];
        for (; !data.IsEmpty; first++)
        {
            var block = data[..Math.Min(BlockChecksums.BlockSize, data.Length)];
            Describe(first, isEnd && block.Length == data.Length, nonce, context);
            _aes.Encrypt(nonce, block, block, tags[..TagSize], context);
            data = data[block.Length..];
            tags = tags[TagSize..];
        }
    }

    /// <summary>Decrypts blocks that follow each other. Do not use any of them if it throws.</summary>
    /// <param name="data">The blocks.</param>
    /// <param name="first">The number of the first.</param>
    /// <param name="count">How many the file has.</param>
    /// <param name="tags">Their tags.</param>
    /// <exception cref="InvalidDataException">They are not what was encrypted in this place of this file.</exception>
    public void Decrypt(Span<byte> data, long first, long count, ReadOnlySpan<byte> tags)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        Span<byte> context = stackalloc byte[FileId.Size + 1];
        for (; !data.IsEmpty; first++)
        {
            var block = data[..Math.Min(BlockChecksums.BlockSize, data.Length)];
            Describe(first, first == count - 1, nonce, context);
            try
            {
                _aes.Decrypt(nonce, block, tags[..TagSize], block, context);
            }
            catch (AuthenticationTagMismatchException failure)
            {
                throw new InvalidDataException($"Block {first} of the file {_file} is not the one that was encrypted there.", failure);
            }

            data = data[block.Length..];
            tags = tags[TagSize..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _aes.Dispose();

    private void Describe(long number, bool isLast, Span<byte> nonce, Span<byte> context)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[4..], number);
        _file.Write(context);
        context[FileId.Size] = isLast ? (byte)1 : (byte)0;
    }
}
