using System.Globalization;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>Reads a ListAllMyBucketsResult document.</summary>
internal static class BucketListDocument
{
    private static readonly XmlReaderSettings Settings = new() { Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null,
        MaxCharactersInDocument = 16 << 20 };

    /// <summary>The buckets; none if the document is something else.</summary>
    public static async Task<IReadOnlyList<LayerBucket>> ReadAsync(Stream body, CancellationToken cancellationToken) =>
        await TryReadAsync(body, cancellationToken) ?? [];

    /// <summary>The buckets; null if the document is something else.</summary>
    public static async Task<IReadOnlyList<LayerBucket>?> TryReadAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = XmlReader.Create(body, Settings);
            var root = await XmlTree.ReadAsync(reader, cancellationToken);
            return root.Name.LocalName != "ListAllMyBucketsResult" ? null :
            [
                .. root.Descendants().Where(e => e.Name.LocalName == "Bucket").Select(bucket => new LayerBucket(Child(bucket, "Name"),
                    DateTimeOffset.TryParse(Child(bucket, "CreationDate"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
                        out var created) ? created : DateTimeOffset.UnixEpoch)),
            ];
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static string Child(XElement element, string name) => element.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value
        ?? "";
}
