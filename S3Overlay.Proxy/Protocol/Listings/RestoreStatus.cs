using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>How far an archived object is restored, as its layer says.</summary>
/// <param name="IsInProgress">Whether it is being restored.</param>
/// <param name="Expiry">Until when it stays restored, as the layer writes it; null where it does not say.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html</remarks>
public sealed record RestoreStatus(bool IsInProgress, string? Expiry)
{
    /// <summary>Whether a client asks for it: S3 shows it to no others.</summary>
    public static bool IsWanted(S3Request request) =>
        request.Header("x-amz-optional-object-attributes") is { } attributes
            && attributes.Contains("RestoreStatus", StringComparison.Ordinal);

    /// <summary>The header that asks a layer for it.</summary>
    public static KeyValuePair<string, string> Wish { get; } = new("x-amz-optional-object-attributes", "RestoreStatus");

    /// <summary>Writes its element.</summary>
    public void Write(S3XmlWriter xml)
    {
        xml.Open("RestoreStatus").Element("IsRestoreInProgress", IsInProgress);
        if (Expiry is not null)
        {
            xml.Element("RestoreExpiryDate", Expiry);
        }

        xml.Close("RestoreStatus");
    }
}
