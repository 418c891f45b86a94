using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Encryption;

/// <summary>
/// A key that encrypts the keys of files: the server's or a customer's. It encrypts nothing itself. Each envelope has a key of its own,
/// derived with HKDF from this one and a random salt, so no nonce is ever used twice.
/// </summary>
internal sealed class WrappingKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    private readonly byte[] _secret;

    /// <param name="kind">Whose key it is.</param>
    /// <param name="name">Its name in envelopes; empty for a customer's.</param>
    /// <param name="secret">32 bytes.</param>
    public WrappingKey(KeyKind kind, string name, ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, Size);
        (Kind, Name, _secret) = (kind, name, secret.ToArray());
    }

    public KeyKind Kind { get; }

    public string Name { get; }

    /// <summary>A name for a master key. It differs from that of any other, and shows nothing of the key's bytes.</summary>
    public static string FingerprintOf(ReadOnlySpan<byte> secret)
    {
        Span<byte> fingerprint = stackalloc byte[8];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, fingerprint, default, "s3overlay key name 1"u8);
        return Convert.ToHexStringLower(fingerprint);
    }

    /// <summary>Encrypts a key of 32 bytes.</summary>
    /// <param name="key">The key.</param>
    /// <param name="place">What the key belongs to. It must be the same to decrypt it.</param>
    public KeyEnvelope Wrap(ReadOnlySpan<byte> key, KeyPlace place)
    {
        var salt = RandomNumberGenerator.GetBytes(KeyEnvelope.SaltSize);
        var wrapped = new byte[KeyEnvelope.WrappedSize];
        using var aes = CipherOf(salt);
        aes.Encrypt(Nonce, key, wrapped.AsSpan(0, Size), wrapped.AsSpan(Size), place.Bytes(Kind, Name));
        return new KeyEnvelope(Kind, Name, salt, wrapped);
    }

    /// <summary>Decrypts a key into <paramref name="key"/>.</summary>
    /// <returns>False if it was encrypted with another key, or for another place.</returns>
    public bool TryUnwrap(KeyEnvelope envelope, KeyPlace place, Span<byte> key)
    {
        using var aes = CipherOf(envelope.Salt);
        try
        {
            aes.Decrypt(Nonce, envelope.Wrapped.AsSpan(0, Size), envelope.Wrapped.AsSpan(Size), key, place.Bytes(Kind, Name));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Zero: the derived key encrypts once.</summary>
    private static ReadOnlySpan<byte> Nonce => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private AesGcm CipherOf(byte[] salt)
    {
        Span<byte> derived = stackalloc byte[Size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, derived, salt, "s3overlay key envelope 1"u8);
        var aes = new AesGcm(derived, BlockCipher.TagSize);
        CryptographicOperations.ZeroMemory(derived);
        return aes;
    }
}

/// <summary>What an encrypted key belongs to. Its envelope opens nowhere else.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="File">The file whose data it encrypts; default for the key of an upload.</param>
/// <param name="Length">The length of the data.</param>
/// <param name="PartNumber">The part; 0 for an object in one piece, and for the key of an upload.</param>
internal readonly record struct KeyPlace(string Bucket, string Key, FileId File, long Length, int PartNumber)
{
    /// <summary>The place of an upload's key, which the completed object keeps.</summary>
    public static KeyPlace OfUpload(string bucket, string key) => new(bucket, key, default, 0, 0);

    public ReadOnlySpan<byte> Bytes(KeyKind kind, string name) => new FieldWriter().Byte(1).Byte((byte)kind).Text(name)
        .Text(Bucket).Text(Key).File(File).Number(Length).Number(PartNumber).Written;
}
