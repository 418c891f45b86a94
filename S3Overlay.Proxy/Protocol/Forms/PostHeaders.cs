using System.Buffers;
using System.Text;
using System.Xml;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>
/// Converts the fields of a form into the headers of a PUT of the same object. The form's own HTTP headers describe the form.
/// </summary>
internal static class PostHeaders
{
    private static readonly SearchValues<char> Token =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    /// <summary>Fields that become headers of the same name.</summary>
    private static readonly HashSet<string> Same = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-MD5", "Expires",
        "x-amz-acl", "x-amz-tagging",
        "x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-sdk-checksum-algorithm",
    };

    private static readonly string[] SamePrefixes =
        ["x-amz-meta-", "x-amz-server-side-encryption", "x-amz-checksum-", "x-amz-object-lock-", "x-amz-grant-"];

    /// <summary>Returns the headers.</summary>
    /// <exception cref="S3Exception">InvalidArgument if a field cannot become a header; MalformedXML for tags.</exception>
    public static HeaderDictionary Of(PostFields fields)
    {
        var headers = new HeaderDictionary();
        foreach (var (name, value) in fields.All)
        {
            if (name.Equals("acl", StringComparison.OrdinalIgnoreCase))
            {
                Add(headers, name, "x-amz-acl", value);
            }
            else if (name.Equals("tagging", StringComparison.OrdinalIgnoreCase))
            {
                Add(headers, name, "x-amz-tagging", TagsToHeader(value));
            }
            else if (Same.Contains(name) || SamePrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            {
                Add(headers, name, name, value);
            }
        }

        return headers;
    }

    private static void Add(HeaderDictionary headers, string field, string header, string value)
    {
        // HTTP would reject such a header, and it would be returned as one later.
        if (header.AsSpan().ContainsAnyExcept(Token) || value.AsSpan().ContainsAnyInRange('\0', '\u0008')
            || value.AsSpan().ContainsAnyInRange('\n', '\u001f') || value.Contains('\u007f'))
        {
            throw S3Exception.Argument("A field of the form holds characters that a header cannot hold.", field);
        }

        if (!headers.TryAdd(header, HeaderText.FromText(value.Trim())))
        {
            throw S3Exception.Argument($"The form says {header} twice.", field);
        }
    }

    /// <summary>The tags of the <c>tagging</c> field, an XML document, as in <c>x-amz-tagging</c>: <c>name=value&amp;...</c>.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    private static string TagsToHeader(string xml)
    {
        try
        {
            var root = S3XmlReader.Parse(Encoding.UTF8.GetBytes(xml));
            var set = root.Name.LocalName == "Tagging" ? root.Children("TagSet").FirstOrDefault() : null;
            return string.Join('&', (set ?? throw MalformedTags()).Children("Tag").Select(static tag =>
                UriEncoding.EncodeComponent(tag.ChildText("Key") ?? throw MalformedTags())
                + "=" + UriEncoding.EncodeComponent(tag.ChildText("Value") ?? throw MalformedTags())));
        }
        catch (XmlException)
        {
            throw MalformedTags();
        }
    }

    private static S3Exception MalformedTags() => new(S3Errors.MalformedXml);
}
