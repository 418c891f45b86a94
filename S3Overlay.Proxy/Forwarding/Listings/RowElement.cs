using System.Xml;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>An element of a listing that stands for a row.</summary>
internal static class RowElement
{
    /// <summary>
    /// The children of an element with their texts, and those of these with the names of both (<c>RestoreStatus/RestoreExpiryDate</c>).
    /// What is deeper within is passed over, as is the text of what has children: a store may show what nobody here knows.
    /// </summary>
    public static async Task<List<(string Name, string Value)>> ReadAsync(XmlReader reader)
    {
        var fields = new List<(string, string)>();
        await ReadAsync(reader, "", 0, fields);
        return fields;
    }

    /// <summary>Reads an element to behind its end.</summary>
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
