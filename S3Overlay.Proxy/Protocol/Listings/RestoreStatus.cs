using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>The restore status of an archived object.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html</remarks>
/// <param name="IsInProgress">Whether it is being restored.</param>
/// <param name="Expiry">When the restored object expires, as the layer writes it; null if unknown.</param>
public sealed record RestoreStatus(bool IsInProgress, string? Expiry)
{
    /// <summary>Whether a client asks for it. S3 shows it to no others.</summary>
    public static bool IsWanted(S3Request request) =>
        request.Header("x-amz-optional-object-attributes") is { } attributes
            && attributes.Contains("RestoreStatus", StringComparison.Ordinal);

    /// <summary>The header that asks a layer for it.</summary>
    public static KeyValuePair<string, string> Wish { get; } = new("x-amz-optional-object-attributes", "RestoreStatus");

    /// <summary>Writes its element.</summary>
    public void Write(S3XmlWriter xml)
    {
        xml.Open("RestoreStatus").Element("IsRestoreInProgress", IsInProgress).Optional("RestoreExpiryDate", Expiry).Close("RestoreStatus");
    }
}
