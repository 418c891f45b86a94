using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>Objects whose ETag is the MD5 of their bytes: put in one piece, and not encrypted with KMS or a client's key.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html, "ETag".</remarks>
internal static class PlainMd5
{
    /// <summary>Whether the ETag is one.</summary>
    public static bool IsOf(ObjectInfo info)
    {
        var tag = ETags.Bare(info.ETag);
        return tag.Length == 32
            && !tag.ContainsAnyExcept("0123456789abcdefABCDEF")
            && info.Header(ClientKeys.Algorithm) is null
            && info.Header("x-amz-server-side-encryption")?.StartsWith("aws:kms", StringComparison.OrdinalIgnoreCase) != true;
    }

    /// <summary>Whether bytes with that hash are the object's.</summary>
    public static bool Matches(ObjectInfo info, byte[] hash) =>
        ETags.Bare(info.ETag).Equals(Convert.ToHexStringLower(hash), StringComparison.OrdinalIgnoreCase);
}
