using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Encryption;

/// <summary>
/// The random key of one file, or of an upload. That of an upload encrypts nothing: it seals the list of parts, so that none can be left
/// out or put elsewhere.
/// </summary>
internal sealed class DataKey : IDisposable
{
    /// <summary>Bytes of a seal.</summary>
    public const int SealSize = 32;

    private readonly byte[] _bytes;

    private DataKey(byte[] bytes) => _bytes = bytes;

    /// <summary>A new one.</summary>
    public static DataKey New() => new(RandomNumberGenerator.GetBytes(WrappingKey.Size));

    /// <summary>One that an upload kept.</summary>
    public static DataKey Of(byte[] bytes) => new([.. bytes]);

    /// <summary>Decrypts one.</summary>
    /// <returns>Null if it was encrypted with another key, or for another place.</returns>
    public static DataKey? TryOpen(WrappingKey by, KeyEnvelope envelope, KeyPlace place)
    {
        var bytes = new byte[WrappingKey.Size];
        return by.TryUnwrap(envelope, place, bytes) ? new DataKey(bytes) : null;
    }

    /// <summary>Its bytes, for an upload to keep.</summary>
    public byte[] ToArray() => [.. _bytes];

    public KeyEnvelope WrapWith(WrappingKey key, KeyPlace place) => key.Wrap(_bytes, place);

    /// <summary>The cipher of the file that this is the key of.</summary>
    public BlockCipher CipherOf(FileId file) => new(_bytes, file);

    /// <summary>Seals the list of parts of a manifest.</summary>
    public byte[] Seal(FileId manifest, string bucket, string key, IReadOnlyList<StoredPart> parts)
    {
        var fields = new FieldWriter().Byte(1).File(manifest).Text(bucket).Text(key).Number(parts.Count);
        foreach (var part in parts)
        {
            fields.File(part.File).Number(part.Number).Number(part.Size);
        }

        return HMACSHA256.HashData(_bytes, fields.Written);
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
