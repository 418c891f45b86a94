using System.IO.Hashing;
using System.Security.Cryptography;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Computes one of S3's additional checksums over bytes as they pass.</summary>
public abstract class ChecksumHasher : IDisposable
{
    private ChecksumHasher(ChecksumAlgorithm algorithm) => Algorithm = algorithm;

    /// <summary>Which checksum it computes.</summary>
    public ChecksumAlgorithm Algorithm { get; }

    /// <summary>Starts a checksum.</summary>
    public static ChecksumHasher Create(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => new PlainHasher(algorithm, new Crc32(), isLittleEndian: true),
        ChecksumAlgorithm.Crc32C => new PlainHasher(algorithm, new Crc32(Crc32ParameterSet.Crc32C), isLittleEndian: true),
        ChecksumAlgorithm.Crc64Nvme => new PlainHasher(algorithm, new Crc64(Crc64ParameterSet.Nvme), isLittleEndian: true),
        ChecksumAlgorithm.XxHash64 => new PlainHasher(algorithm, new XxHash64()),
        ChecksumAlgorithm.XxHash3 => new PlainHasher(algorithm, new XxHash3()),
        ChecksumAlgorithm.XxHash128 => new PlainHasher(algorithm, new XxHash128()),
        ChecksumAlgorithm.Sha1 => new DigestHasher(algorithm, HashAlgorithmName.SHA1),
        ChecksumAlgorithm.Sha256 => new DigestHasher(algorithm, HashAlgorithmName.SHA256),
        ChecksumAlgorithm.Sha512 => new DigestHasher(algorithm, HashAlgorithmName.SHA512),
        ChecksumAlgorithm.Md5 => new DigestHasher(algorithm, HashAlgorithmName.MD5),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>The checksum of bytes in memory.</summary>
    public static BodyChecksum Compute(ChecksumAlgorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        using var hasher = Create(algorithm);
        hasher.Append(bytes);
        return hasher.Finish();
    }

    /// <summary>Adds the next bytes.</summary>
    public abstract void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Writes the checksum of all bytes added, <see cref="ChecksumNames.Size"/> bytes long, and starts over.</summary>
    public abstract void Finish(Span<byte> value);

    /// <summary>Returns the checksum of all bytes added, in S3's encoding, and starts over.</summary>
    public BodyChecksum Finish()
    {
        Span<byte> value = stackalloc byte[SHA512.HashSizeInBytes];
        value = value[..ChecksumNames.Size(Algorithm)];
        Finish(value);
        return new(Algorithm, Convert.ToBase64String(value));
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>S3 writes every value big-endian; the package writes CRCs the other way round.</summary>
    private sealed class PlainHasher(ChecksumAlgorithm algorithm, NonCryptographicHashAlgorithm hash, bool isLittleEndian = false)
        : ChecksumHasher(algorithm)
    {
        public override void Append(ReadOnlySpan<byte> bytes) => hash.Append(bytes);

        public override void Finish(Span<byte> value)
        {
            hash.GetHashAndReset(value);
            if (isLittleEndian)
            {
                value.Reverse();
            }
        }
    }

    private sealed class DigestHasher(ChecksumAlgorithm algorithm, HashAlgorithmName name) : ChecksumHasher(algorithm)
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(name);

        public override void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

        public override void Finish(Span<byte> value) => _hash.GetHashAndReset(value);

        public override void Dispose() => _hash.Dispose();
    }
}
