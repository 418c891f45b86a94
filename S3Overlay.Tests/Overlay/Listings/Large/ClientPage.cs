using System.Globalization;
using System.Xml;

using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>A page as a client reads it.</summary>
/// <param name="Rows">Its rows, keys and common prefixes in one order.</param>
/// <param name="IsTruncated">Whether it says that more follow.</param>
/// <param name="Next">Where it says that they do: V2's token or V1's marker.</param>
public sealed record ClientPage(List<ListingRow> Rows, bool IsTruncated, string? Next)
{
    /// <summary>Reads a response to ListObjects or ListObjectsV2.</summary>
    public static ClientPage Read(Stream response)
    {
        using var xml = XmlReader.Create(response, new XmlReaderSettings { CheckCharacters = false });
        var (objects, prefixes) = (new List<ListingRow>(), new List<ListingRow>());
        var (isEncoded, isTruncated, next) = (false, false, (string?)null);
        var (key, etag, size, modified, isInRow) = ("", "", 0L, default(DateTimeOffset), false);
        xml.MoveToContent();
        xml.Read();
        while (!xml.EOF)
        {
            if (xml is { NodeType: XmlNodeType.EndElement, LocalName: "Contents" })
            {
                objects.Add(new ListingRow(key, new ListedObject(size, etag, modified)));
                isInRow = false;
            }

            if (xml.NodeType != XmlNodeType.Element)
            {
                xml.Read();
                continue;
            }

            switch (xml.LocalName)
            {
                case "Contents" or "CommonPrefixes":
                    isInRow = true;
                    xml.Read();
                    break;
                case "Key":
                    key = xml.ReadElementContentAsString();
                    break;
                case "ETag":
                    etag = xml.ReadElementContentAsString();
                    break;
                case "Size":
                    size = long.Parse(xml.ReadElementContentAsString(), CultureInfo.InvariantCulture);
                    break;
                case "LastModified":
                    modified = DateTimeOffset.Parse(xml.ReadElementContentAsString(), CultureInfo.InvariantCulture);
                    break;
                case "Prefix" when isInRow:
                    prefixes.Add(new ListingRow(xml.ReadElementContentAsString(), null));
                    isInRow = false;
                    break;
                case "EncodingType":
                    isEncoded = xml.ReadElementContentAsString() == "url";
                    break;
                case "IsTruncated":
                    isTruncated = xml.ReadElementContentAsString() == "true";
                    break;
                case "NextContinuationToken" or "NextMarker":
                    next = xml.ReadElementContentAsString();
                    break;
                default:
                    xml.Skip();
                    break;
            }
        }

        // Keys and prefixes must each be in order.
        AssertOrdered(objects);
        AssertOrdered(prefixes);
        List<ListingRow> rows = [.. objects.Concat(prefixes).Select(Decoded).OrderBy(row => row.Name, Utf8Order.Instance)];
        return new ClientPage(rows, isTruncated, next);

        void AssertOrdered(List<ListingRow> some)
        {
            for (var i = 1; i < some.Count; i++)
            {
                Assert.True(Utf8Order.Compare(Decoded(some[i - 1]).Name, Decoded(some[i]).Name) < 0,
                    $"{some[i].Name} follows {some[i - 1].Name}.");
            }
        }

        ListingRow Decoded(ListingRow row) => isEncoded ? row with { Name = Uri.UnescapeDataString(row.Name) } : row;
    }
}
