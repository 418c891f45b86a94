using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>The digests and checksums that a client announced for a body, computed while it is read.</summary>
internal sealed class BodyDigests : IDisposable
{
    private readonly string? _sha256;
    private readonly byte[]? _md5;
    private readonly IncrementalHash? _sha256Hash;
    private readonly IncrementalHash? _md5Hash;
    private readonly ChecksumAlgorithm? _algorithm;
    private readonly ChecksumHasher? _checksumHasher;
    private readonly string? _checksum;

    private BodyDigests(string? sha256, byte[]? md5, ChecksumAlgorithm? algorithm, string? checksum)
    {
        (_sha256, _md5, _algorithm, _checksum) = (sha256, md5, algorithm, checksum);
        _sha256Hash = sha256 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _md5Hash = md5 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        _checksumHasher = algorithm is { } known ? ChecksumHasher.Create(known) : null;
    }

    /// <summary>The checksum from a header or, once verified, from a trailer.</summary>
    public BodyChecksum? Checksum { get; private set; }

    /// <summary>The algorithm of a checksum that is still to arrive in a trailer; null if there is none.</summary>
    public ChecksumAlgorithm? ComingChecksum => Checksum is null ? _algorithm : null;

    /// <summary>Reads what was announced.</summary>
    /// <param name="sha256">The payload hash; null if none was sent.</param>
    /// <param name="announced">The names of the trailers to come.</param>
    /// <param name="checksumsAreOfTheBody">False if the checksum headers describe something else (CompleteMultipartUpload).</param>
    /// <param name="leavesMalformed">Whether the store rejects malformed checksum headers itself.</param>
    /// <returns>Null if nothing was announced.</returns>
    /// <exception cref="S3Exception">InvalidDigest or InvalidRequest: no body could have such a digest.</exception>
    public static BodyDigests? Read(IHeaderDictionary headers, string? sha256, IReadOnlyCollection<string> announced,
        bool checksumsAreOfTheBody, bool leavesMalformed = false)
    {
        var md5 = ReadMd5(headers);
        var (algorithm, checksum) = checksumsAreOfTheBody ? ChecksumHeaders.Read(headers, announced, leavesMalformed) : default;
        return sha256 is null && md5 is null && algorithm is null
            ? null
            : new(sha256, md5, algorithm, checksum) { Checksum = checksum is null ? null : new(algorithm!.Value, checksum) };
    }

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sha256Hash?.AppendData(bytes);
        _md5Hash?.AppendData(bytes);
        _checksumHasher?.Append(bytes);
    }

    /// <summary>Compares the body with what was announced.</summary>
    /// <exception cref="S3Exception">A digest or checksum does not match.</exception>
    public void Check(IReadOnlyList<KeyValuePair<string, string>> trailers)
    {
        CheckSha256();
        CheckMd5();
        if (_algorithm is not { } algorithm)
        {
            return;
        }

        var name = ChecksumNames.Header(algorithm);
        var promised = _checksum ?? trailers.First(trailer => trailer.Key == name).Value;
        ChecksumHeaders.CheckForm(algorithm, promised);
        var computed = _checksumHasher!.Finish();
        if (computed.Value != promised)
        {
            throw new S3Exception(
                S3Errors.BadDigest, $"The {ChecksumNames.Name(algorithm)} you specified did not match the calculated checksum.");
        }

        Checksum = computed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sha256Hash?.Dispose();
        _md5Hash?.Dispose();
        _checksumHasher?.Dispose();
    }

    private static byte[]? ReadMd5(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue("Content-MD5", out var sent) || sent.Count == 0)
        {
            return null;
        }

        var md5 = new byte[MD5.HashSizeInBytes];
        return Convert.TryFromBase64String(sent.ToString().Trim(), md5, out var written) && written == md5.Length
            ? md5
            : throw new S3Exception(S3Errors.InvalidDigest, "The Content-MD5 you specified was invalid.")
            {
                Details = [new("Content-MD5", sent.ToString())],
            };
    }

    private void CheckSha256()
    {
        if (_sha256Hash is null)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _sha256Hash.GetHashAndReset(hash);
        var computed = Convert.ToHexStringLower(hash);
        if (!computed.Equals(_sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new S3Exception(S3Errors.XAmzContentSha256Mismatch)
            {
                Details = [new("ClientComputedContentSHA256", _sha256!), new("S3ComputedContentSHA256", computed)],
            };
        }
    }

    private void CheckMd5()
    {
        if (_md5Hash is null)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[MD5.HashSizeInBytes];
        _md5Hash.GetHashAndReset(hash);
        if (!hash.SequenceEqual(_md5))
        {
            throw new S3Exception(S3Errors.BadDigest, "The Content-MD5 you specified did not match what we received.")
            {
                Details = [new("ExpectedDigest", Convert.ToBase64String(_md5!)), new("CalculatedDigest", Convert.ToBase64String(hash))],
            };
        }
    }
}
