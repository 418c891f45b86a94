using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>The opened keys of one encrypted object, for one reader.</summary>
internal sealed class ObjectUnlock : IDisposable
{
    private readonly ObjectName _name;
    private readonly WrappingKey _key;

    private ObjectUnlock(ObjectName name, WrappingKey key) => (_name, _key) = (name, key);

    /// <summary>The cipher of an object in one piece; null for a multipart object.</summary>
    public BlockCipher? Cipher { get; private init; }

    /// <summary>Opens the keys of an object.</summary>
    /// <exception cref="WrongKeyException">They were encrypted with another key.</exception>
    /// <exception cref="InvalidDataException">The list of parts is not the one that was completed.</exception>
    public static ObjectUnlock Open(ObjectName name, ObjectRow row, OpenFile root, WrappingKey key)
    {
        using var opened = OpenKey(name, row, key);
        if (row.PartCount == 0)
        {
            return new ObjectUnlock(name, key) { Cipher = opened.CipherOf(row.File) };
        }

        return root.Seal is { } seal
            && CryptographicOperations.FixedTimeEquals(seal, opened.Seal(row.File, name.Bucket, name.Key, root.Parts))
            ? new ObjectUnlock(name, key)
            : throw new InvalidDataException($"The list of parts in the file {row.File} is not the one that was sealed.");
    }

    /// <summary>Checks that a key is the one that the object's keys were encrypted with.</summary>
    /// <exception cref="WrongKeyException">It is another one.</exception>
    public static void Check(ObjectName name, ObjectRow row, WrappingKey key) => OpenKey(name, row, key).Dispose();

    /// <summary>The cipher of a part.</summary>
    /// <exception cref="InvalidDataException">The file is not that part, or not encrypted.</exception>
    public BlockCipher CipherOf(StoredPart part, OpenFile file)
    {
        var place = new KeyPlace(_name.Bucket, _name.Key, part.File, part.Size, part.Number);
        using var opened = file.Envelope is { } envelope && envelope.Kind == _key.Kind && envelope.KeyName == _key.Name
            ? DataKey.TryOpen(_key, envelope, place) : null;
        return opened?.CipherOf(part.File) ?? throw new InvalidDataException($"The part file {part.File} has another key than its object.");
    }

    /// <inheritdoc/>
    public void Dispose() => Cipher?.Dispose();

    private static DataKey OpenKey(ObjectName name, ObjectRow row, WrappingKey key)
    {
        var place = row.PartCount == 0 ? new KeyPlace(name.Bucket, name.Key, row.File, row.Info.Size, 0)
            : KeyPlace.OfUpload(name.Bucket, name.Key);
        return DataKey.TryOpen(key, row.Envelope!, place) ?? throw new WrongKeyException();
    }
}

/// <summary>A key is not the one that an object was encrypted with.</summary>
internal sealed class WrongKeyException() : Exception("The key is not the one that the object was encrypted with.");
