namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The names of AWS Signature Version 4, in S3's variant.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html</remarks>
public static class SigV4
{
    /// <summary>The algorithm's name in Authorization and X-Amz-Algorithm.</summary>
    public const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The last part of every credential scope.</summary>
    public const string Terminator = "aws4_request";

    /// <summary>The payload hash of an unsigned body.</summary>
    public const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <summary>The payload hash of a body in signed chunks.</summary>
    public const string StreamingPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

    /// <summary>The payload hash of a body in signed chunks with a signed trailer.</summary>
    public const string StreamingPayloadTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

    /// <summary>The payload hash of a body in unsigned chunks with a trailer.</summary>
    public const string StreamingUnsignedPayloadTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

    /// <summary>The payload hash of an empty body.</summary>
    public const string EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>The time format of x-amz-date and the string to sign.</summary>
    public const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
}
