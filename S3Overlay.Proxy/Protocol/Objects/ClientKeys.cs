namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The key that a client encrypts an object with: it comes with every request about the object, and is kept nowhere (SSE-C).</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html</remarks>
public static class ClientKeys
{
    /// <summary>Names the algorithm: a request without it brings no key, and of an object that was encrypted so it is shown again.</summary>
    public const string Algorithm = "x-amz-server-side-encryption-customer-algorithm";

    /// <summary>The headers by which a request brings the key.</summary>
    public static readonly IReadOnlyList<string> Headers = [Algorithm, "x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-MD5"];
}
