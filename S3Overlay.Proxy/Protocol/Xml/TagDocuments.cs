using System.Xml.Linq;

namespace S3Overlay.Proxy.Protocol.Xml;

/// <summary>Tagging documents of a store or remote.</summary>
public static class TagDocuments
{
    /// <summary>The tags as a query string; null if the document has none.</summary>
    public static string? ToQuery(XElement? document)
    {
        var tags = document?.Descendants().Where(static element => element.Name.LocalName == "Tag").Select(static tag =>
            UriEncoding.EncodeComponent(tag.ChildText("Key") ?? "") + "=" + UriEncoding.EncodeComponent(tag.ChildText("Value") ?? ""));
        return tags is null ? null : string.Join('&', tags) is { Length: > 0 } query ? query : null;
    }
}
