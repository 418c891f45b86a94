using System.Buffers;
using System.Security.Cryptography;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>Hashes an object's bytes in order, and compares the result with the MD5 or full-object checksum from the remote.</summary>
internal sealed class ExpectedDigest : IDisposable
{
    private const int PieceSize = 256 * 1024;

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

    /// <summary>
    /// Creates an empty digest. Null if the remote sent nothing to compare with. An MD5 costs more than all else that a fill does, so a CRC
    /// is preferred to it: Amazon S3 has one of every object that was written since the end of 2024.
    /// </summary>
    public static ExpectedDigest? Of(ObjectInfo info)
    {
        if (Find(info, static checksum => !IsCryptographic(checksum.Algorithm)) is { } fast)
        {
            return new ExpectedDigest(info, fast);
        }

        if (IsMd5(info))
        {
            return new ExpectedDigest(info, null);
        }

        return Find(info, static _ => true) is { } any ? new ExpectedDigest(info, any) : null;
    }

    /// <summary>Reads an entry back: whether the cached bytes match what the remote promised; null if some are missing.</summary>
    public static async ValueTask<bool?> IsRightAsync(ICacheEntry entry, CancellationToken cancellationToken)
    {
        var info = entry.Info;
        var all = new ByteRange(0, info.Size - 1);
        if (!CacheEntries.Covers(entry, all))
        {
            return null;
        }

        using var hash = Of(info);
        if (hash is null)
        {
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(info.Size, PieceSize));
        try
        {
            await using var reader = entry.Read(all);
            while (hash.Length < info.Size)
            {
                var read = await reader.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    return null;
                }

                hash.Append(buffer.AsSpan(0, read));
            }

            return hash.Matches();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
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

    /// <summary>The first of its full-object checksums that is well-formed and meets a condition.</summary>
    private static BodyChecksum? Find(ObjectInfo info, Func<BodyChecksum, bool> isWanted)
    {
        if (info.ChecksumType == PartChecksums.FullObjectType)
        {
            foreach (var checksum in info.Checksums)
            {
                if (isWanted(checksum) && IsWellFormed(checksum))
                {
                    return checksum;
                }
            }
        }

        return null;
    }

    private static bool IsCryptographic(ChecksumAlgorithm algorithm) => algorithm
        is ChecksumAlgorithm.Md5 or ChecksumAlgorithm.Sha1 or ChecksumAlgorithm.Sha256 or ChecksumAlgorithm.Sha512;

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
