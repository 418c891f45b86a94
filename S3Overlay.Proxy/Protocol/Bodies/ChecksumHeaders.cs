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
    /// Whether a header that cannot be a checksum is somebody else's to refuse: it then counts as none, where <c>x-amz-sdk-checksum-algorithm</c> names its algorithm. Stores differ in the
    /// code (S3: InvalidRequest, RGW: BadDigest, MinIO: InvalidArgument).
    /// </param>
    /// <returns>The algorithm, and its value where it is not to come as a trailer; nulls where there is no checksum.</returns>
    /// <exception cref="S3Exception">InvalidRequest: more than one, malformed, or not the one that was said to be used.</exception>
    public static (ChecksumAlgorithm? Algorithm, string? Value) Read(IHeaderDictionary headers, IReadOnlyCollection<string> announced, bool leavesMalformed = false)
    {
        ChecksumAlgorithm? algorithm = null;
        string? value = null;
        for (var candidate = ChecksumAlgorithm.Crc32; candidate <= ChecksumAlgorithm.XxHash128; candidate++)
        {
            var name = ChecksumNames.Header(candidate);
            var isHeader = headers.TryGetValue(name, out var sent) && sent.Count > 0;
            if (!isHeader && !announced.Contains(name))
            {
                continue;
            }

            if (algorithm is not null || (isHeader && announced.Contains(name)))
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

        if (algorithm is { } one
            && headers.TryGetValue("x-amz-sdk-checksum-algorithm", out var said)
            && said.Count > 0
            && (!ChecksumNames.TryParseName(said.ToString().Trim(), out var named) || named != one))
        {
            throw new S3Exception(S3Errors.InvalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.");
        }

        if (value is not null && !IsWellFormed(algorithm!.Value, value))
        {
            return leavesMalformed && headers.ContainsKey("x-amz-sdk-checksum-algorithm") ? default : throw Malformed(algorithm.Value);
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
