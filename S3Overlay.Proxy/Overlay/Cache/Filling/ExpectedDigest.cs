using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// A hash over all bytes of an object, from the first to the last, that can be compared with what the remote said of it: its MD5, or a
/// checksum of the whole object.
/// </summary>
internal sealed class ExpectedDigest : IDisposable
{
    private readonly ObjectInfo _info;
    private readonly IncrementalHash? _md5;
    private readonly ChecksumHasher? _checksum;
    private readonly string _expected = "";

    private ExpectedDigest(ObjectInfo info, BodyChecksum? checksum)
    {
        _info = info;
        if (checksum is { } known)
        {
            (_checksum, _expected) = (ChecksumHasher.Create(known.Algorithm), known.Value);
        }
        else
        {
            _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        }
    }

    /// <summary>How many bytes were added.</summary>
    public long Length { get; private set; }

    /// <summary>One of no bytes yet; null where the remote promised nothing of the kind.</summary>
    public static ExpectedDigest? Of(ObjectInfo info)
    {
        if (PlainMd5.IsOf(info))
        {
            return new ExpectedDigest(info, null);
        }

        if (info.ChecksumType == PartChecksums.FullObjectType)
        {
            foreach (var checksum in info.Checksums)
            {
                if (IsWellFormed(checksum))
                {
                    return new ExpectedDigest(info, checksum);
                }
            }
        }

        return null;
    }

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _md5?.AppendData(bytes);
        _checksum?.Append(bytes);
        Length += bytes.Length;
    }

    /// <summary>Whether the bytes added are the object's; asked once, after the last of them.</summary>
    public bool Matches() => _md5 is not null ? PlainMd5.Matches(_info, _md5.GetHashAndReset()) : _checksum!.Finish().Value == _expected;

    /// <inheritdoc/>
    public void Dispose()
    {
        _md5?.Dispose();
        _checksum?.Dispose();
    }

    private static bool IsWellFormed(BodyChecksum checksum)
    {
        Span<byte> value = stackalloc byte[SHA512.HashSizeInBytes];
        return Convert.TryFromBase64String(checksum.Value, value, out var length) && length == ChecksumNames.Size(checksum.Algorithm);
    }
}
