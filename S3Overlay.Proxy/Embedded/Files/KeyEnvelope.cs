namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>A random key of one file or upload, encrypted with another key. docs/encryption.md has the format.</summary>
/// <param name="Kind">Whose key encrypts it.</param>
/// <param name="KeyName">Which of the server's keys; empty for a customer's.</param>
/// <param name="Salt">Random bytes, from which the encrypting key is derived anew each time.</param>
/// <param name="Wrapped">The encrypted key and its tag.</param>
internal sealed record KeyEnvelope(KeyKind Kind, string KeyName, byte[] Salt, byte[] Wrapped)
{
    /// <summary>Bytes of the salt.</summary>
    public const int SaltSize = 32;

    /// <summary>Bytes of the encrypted key with its tag.</summary>
    public const int WrappedSize = 32 + 16;

    /// <summary>Most bytes of an envelope with the seal of a manifest, for headers that are measured before they are known.</summary>
    public const int Room = 2 * MaxName + SaltSize + WrappedSize + 64;

    /// <summary>Most characters of a key's name.</summary>
    public const int MaxName = 256;

    /// <summary>Begins an envelope where fields may end before it: a presence byte of other fields is 0 or 1.</summary>
    private const byte Mark = 0x45;

    /// <summary>Reads an envelope; null if nothing is left.</summary>
    /// <exception cref="InvalidDataException">Something else is there.</exception>
    public static KeyEnvelope? ReadLast(ref FieldReader fields)
    {
        if (fields.IsAtEnd)
        {
            return null;
        }

        if (fields.Byte() != Mark)
        {
            throw new InvalidDataException("A stored record has a field of a newer version.");
        }

        return new KeyEnvelope((KeyKind)fields.Byte(), fields.Text(), fields.Raw(SaltSize).ToArray(), fields.Raw(WrappedSize).ToArray());
    }

    /// <summary>Writes an envelope after all other fields; nothing if there is none.</summary>
    public static FieldWriter WriteLast(FieldWriter fields, KeyEnvelope? envelope) => envelope is null ? fields
        : fields.Byte(Mark).Byte((byte)envelope.Kind).Text(envelope.KeyName).Raw(envelope.Salt).Raw(envelope.Wrapped);
}

/// <summary>Whose key encrypts the keys of objects. The numbers are on disk.</summary>
internal enum KeyKind : byte
{
    /// <summary>The server's master key (SSE-S3).</summary>
    Master = 1,

    /// <summary>A key of the server that clients name (SSE-KMS).</summary>
    Named = 2,

    /// <summary>A key that the client brings with each request (SSE-C).</summary>
    Customer = 3,
}
