using System.Xml;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>Reads the fields of a row in a listing.</summary>
internal static class RowElement
{
    /// <summary>
    /// The element's children with their text, and grandchildren under both names (<c>RestoreStatus/RestoreExpiryDate</c>). Deeper
    /// elements, and text of elements with children, are skipped: a store may send fields that are unknown here.
    /// </summary>
    public static async Task<List<(string Name, string Value)>> ReadAsync(XmlReader reader)
    {
        var fields = new List<(string, string)>();
        await ReadAsync(reader, "", 0, fields);
        return fields;
    }

    /// <summary>Reads past the end of an element.</summary>
    private static async Task ReadAsync(XmlReader reader, string path, int depth, List<(string, string)> fields)
    {
        var (text, isSimple) = ("", true);
        if (!reader.IsEmptyElement)
        {
            await reader.ReadAsync();
            while (reader.NodeType != XmlNodeType.EndElement)
            {
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element when depth < 2:
                        isSimple = false;
                        await ReadAsync(reader, depth == 0 ? reader.LocalName : $"{path}/{reader.LocalName}", depth + 1, fields);
                        break;
                    case XmlNodeType.Element:
                        isSimple = false;
                        await reader.SkipAsync();
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                        text += await reader.GetValueAsync();
                        await reader.ReadAsync();
                        break;
                    default:
                        await reader.ReadAsync();
                        break;
                }
            }
        }

        await reader.ReadAsync();
        if (isSimple && depth > 0)
        {
            fields.Add((path, text));
        }
    }
}
