using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>Reads which additional checksum a request carries, and in which place.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html</remarks>
public static class ChecksumHeaders
{
    /// <summary>The one checksum of a request.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="announced">The names of the trailers to come, in lower case.</param>
    /// <param name="leavesMalformed">
    /// Whether a header that cannot be a checksum is somebody else's to refuse: it then counts as none, where
    /// <c>x-amz-sdk-checksum-algorithm</c> names its algorithm. Stores differ in the code (S3: InvalidRequest, RGW: BadDigest, MinIO:
    /// InvalidArgument).
    /// </param>
    /// <returns>The algorithm, and its value where it is not to come as a trailer; nulls where there is no checksum.</returns>
    /// <exception cref="S3Exception">InvalidRequest: more than one, or malformed. BadDigest: not of the algorithm that
    /// x-amz-sdk-checksum-algorithm names.</exception>
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

        // What the SDK says that it used: a checksum of another kind is BadDigest, and one that cannot be of any kind is an invalid header.
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
            throw new S3Exception(
                S3Errors.BadDigest,
                $"The {ChecksumNames.Header(one)} header is no {ChecksumNames.Name(algorithmOfSdk)} checksum, which x-amz-sdk-checksum-algorithm names.");
        }

        if (!isWellFormed)
        {
            throw Malformed(one);
        }

        return (algorithm, value);
    }

    /// <summary>Refuses what cannot be a value of the algorithm.</summary>
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
