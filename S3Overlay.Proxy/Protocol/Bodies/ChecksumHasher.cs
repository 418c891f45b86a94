using System.Buffers.Binary;
using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol.Bodies.Hashing;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Computes one of S3's additional checksums over bytes as they pass by.</summary>
public abstract class ChecksumHasher : IDisposable
{
    private ChecksumHasher(ChecksumAlgorithm algorithm) => Algorithm = algorithm;

    /// <summary>Which checksum it computes.</summary>
    public ChecksumAlgorithm Algorithm { get; }

    /// <summary>A new one, of no bytes yet.</summary>
    public static ChecksumHasher Create(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => new Crc32Hasher(algorithm, Crc32Iso.Append),
        ChecksumAlgorithm.Crc32C => new Crc32Hasher(algorithm, Crc32C.Append),
        ChecksumAlgorithm.Crc64Nvme => new Crc64NvmeHasher(),
        ChecksumAlgorithm.Sha1 => new DigestHasher(algorithm, HashAlgorithmName.SHA1),
        ChecksumAlgorithm.Sha256 => new DigestHasher(algorithm, HashAlgorithmName.SHA256),
        ChecksumAlgorithm.Sha512 => new DigestHasher(algorithm, HashAlgorithmName.SHA512),
        ChecksumAlgorithm.Md5 => new DigestHasher(algorithm, HashAlgorithmName.MD5),
        ChecksumAlgorithm.XxHash64 => new XxHash64Hasher(),
        ChecksumAlgorithm.XxHash3 or ChecksumAlgorithm.XxHash128 => new XxHash3Hasher(algorithm),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>The checksum of some bytes at hand.</summary>
    public static BodyChecksum Compute(ChecksumAlgorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        using var hasher = Create(algorithm);
        hasher.Append(bytes);
        return hasher.Finish();
    }

    /// <summary>Adds the next bytes.</summary>
    public abstract void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Writes the value of all bytes added (<see cref="ChecksumNames.Size"/> of them), and starts anew.</summary>
    public abstract void Finish(Span<byte> value);

    /// <summary>The value of all bytes added, as S3 encodes it; starts anew.</summary>
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

    private delegate uint Crc32Append(uint crc, ReadOnlySpan<byte> bytes);

    private sealed class Crc32Hasher(ChecksumAlgorithm algorithm, Crc32Append append) : ChecksumHasher(algorithm)
    {
        private uint _crc;

        public override void Append(ReadOnlySpan<byte> bytes) => _crc = append(_crc, bytes);

        public override void Finish(Span<byte> value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(value, _crc);
            _crc = 0;
        }
    }

    private sealed class Crc64NvmeHasher() : ChecksumHasher(ChecksumAlgorithm.Crc64Nvme)
    {
        private ulong _crc;

        public override void Append(ReadOnlySpan<byte> bytes) => _crc = Crc64Nvme.Append(_crc, bytes);

        public override void Finish(Span<byte> value)
        {
            BinaryPrimitives.WriteUInt64BigEndian(value, _crc);
            _crc = 0;
        }
    }

    private sealed class XxHash64Hasher() : ChecksumHasher(ChecksumAlgorithm.XxHash64)
    {
        private readonly XxHash64 _hash = new();

        public override void Append(ReadOnlySpan<byte> bytes) => _hash.Append(bytes);

        public override void Finish(Span<byte> value) => BinaryPrimitives.WriteUInt64BigEndian(value, _hash.Finish());
    }

    private sealed class XxHash3Hasher(ChecksumAlgorithm algorithm) : ChecksumHasher(algorithm)
    {
        private readonly XxHash3 _hash = new();

        public override void Append(ReadOnlySpan<byte> bytes) => _hash.Append(bytes);

        public override void Finish(Span<byte> value)
        {
            if (Algorithm == ChecksumAlgorithm.XxHash128)
            {
                BinaryPrimitives.WriteUInt128BigEndian(value, _hash.Finish128());
            }
            else
            {
                BinaryPrimitives.WriteUInt64BigEndian(value, _hash.Finish64());
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
