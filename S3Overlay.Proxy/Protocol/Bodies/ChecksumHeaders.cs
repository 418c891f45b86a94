using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Reads which additional checksum a request has, and where.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html</remarks>
public static class ChecksumHeaders
{
    /// <summary>The checksum of a request.</summary>
    /// <param name="announced">The names of the trailers to come, in lower case.</param>
    /// <param name="leavesMalformed">
    /// Whether the store rejects a malformed checksum header itself. The header then counts as none if <c>x-amz-sdk-checksum-algorithm</c>
    /// names its algorithm. Stores use different codes (S3: InvalidRequest, RGW: BadDigest, MinIO: InvalidArgument).
    /// </param>
    /// <returns>The algorithm, and its value unless it comes as a trailer; nulls without a checksum.</returns>
    /// <exception cref="S3Exception">
    /// InvalidRequest: more than one, or malformed. BadDigest: x-amz-sdk-checksum-algorithm names another algorithm.
    /// </exception>
    public static (ChecksumAlgorithm? Algorithm, string? Value) Read(IHeaderDictionary headers, IReadOnlyCollection<string> announced,
        bool leavesMalformed = false)
    {
        ChecksumAlgorithm? algorithm = null;
        string? value = null;
        for (var candidate = ChecksumAlgorithm.Crc32; candidate <= ChecksumAlgorithm.XxHash128; candidate++)
        {
            var header = ChecksumNames.Header(candidate);
            var isHeader = headers.TryGetValue(header, out var sent) && sent.Count > 0;
            if (!isHeader && !announced.Contains(header))
            {
                continue;
            }

            if (algorithm is not null || (isHeader && announced.Contains(header)))
            {
                throw new S3Exception(
                    S3Errors.InvalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
            }

            algorithm = candidate;
            if (isHeader)
            {
                value = sent.ToString().Trim();
            }
        }

        if (algorithm is not { } one)
        {
            return default;
        }

        // The algorithm that the SDK names: S3 answers BadDigest for a value of another kind, and InvalidRequest for one of no kind.
        ChecksumAlgorithm? said = null;
        if (headers.TryGetValue("x-amz-sdk-checksum-algorithm", out var name) && name.Count > 0)
        {
            said = ChecksumNames.TryParseName(name.ToString().Trim(), out var named)
                ? named
                : throw new S3Exception(S3Errors.InvalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.");
        }

        var isWellFormed = value is null || IsWellFormed(one, value);
        if (said is not null && !isWellFormed && leavesMalformed)
        {
            return default;
        }

        if (said is { } algorithmOfSdk && (algorithmOfSdk != one || !isWellFormed))
        {
            throw new S3Exception(S3Errors.BadDigest,
                $"The {ChecksumNames.Header(one)} header is no {ChecksumNames.Name(algorithmOfSdk)} checksum, which "
                + $"x-amz-sdk-checksum-algorithm names.");
        }

        if (!isWellFormed)
        {
            throw Malformed(one);
        }

        return (algorithm, value);
    }

    /// <summary>Rejects a value that the algorithm cannot have.</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public static void CheckForm(ChecksumAlgorithm algorithm, string value)
    {
        if (!IsWellFormed(algorithm, value))
        {
            throw Malformed(algorithm);
        }
    }

    private static bool IsWellFormed(ChecksumAlgorithm algorithm, string value)
    {
        Span<byte> bytes = stackalloc byte[64];
        return Convert.TryFromBase64String(value, bytes, out var written) && written == ChecksumNames.Size(algorithm);
    }

    private static S3Exception Malformed(ChecksumAlgorithm algorithm) =>
        new(S3Errors.InvalidRequest, $"Value for {ChecksumNames.Header(algorithm)} header is invalid.");
}
