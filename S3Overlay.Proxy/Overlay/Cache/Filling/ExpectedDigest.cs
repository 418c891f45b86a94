using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Hashes an object's bytes in order, and compares the result with the MD5 or full-object checksum from the remote.</summary>
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

    /// <summary>Bytes hashed so far.</summary>
    public long Length { get; private set; }

    /// <summary>Creates an empty digest. Null if the remote sent nothing to compare with.</summary>
    public static ExpectedDigest? Of(ObjectInfo info)
    {
        if (IsMd5(info))
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

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _md5?.AppendData(bytes);
        _checksum?.Append(bytes);
        Length += bytes.Length;
    }

    /// <summary>Compares the digest. Call once, after the last byte.</summary>
    public bool Matches() => _md5 is not null
        ? ETags.Bare(_info.ETag).Equals(Convert.ToHexStringLower(_md5.GetHashAndReset()), StringComparison.OrdinalIgnoreCase)
        : _checksum!.Finish().Value == _expected;

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

    /// <summary>
    /// True if the ETag is the MD5 of the bytes: the object was uploaded in one piece, and not encrypted with KMS or a client's key.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html, "ETag".</remarks>
    private static bool IsMd5(ObjectInfo info)
    {
        var tag = ETags.Bare(info.ETag);
        return tag.Length == 32
            && !tag.ContainsAnyExcept("0123456789abcdefABCDEF")
            && info.Header(ClientKeys.Algorithm) is null
            && info.Header("x-amz-server-side-encryption")?.StartsWith("aws:kms", StringComparison.OrdinalIgnoreCase) != true;
    }
}
