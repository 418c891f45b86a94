using System.Text;
using System.Xml;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>Converts the <c>tagging</c> field, an XML document, into the header of a PUT.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html, "tagging".</remarks>
internal static class PostTags
{
    /// <summary>The tags as in <c>x-amz-tagging</c>: <c>name=value&amp;...</c>.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    public static string ToHeader(string xml)
    {
        try
        {
            var root = S3XmlReader.Parse(Encoding.UTF8.GetBytes(xml));
            var set = root.Name.LocalName == "Tagging" ? root.Children("TagSet").FirstOrDefault() : null;
            return string.Join('&', (set ?? throw Malformed()).Children("Tag").Select(static tag =>
                UriEncoding.EncodeComponent(tag.ChildText("Key") ?? throw Malformed())
                + "=" + UriEncoding.EncodeComponent(tag.ChildText("Value") ?? throw Malformed())));
        }
        catch (XmlException)
        {
            throw Malformed();
        }
    }

    private static S3Exception Malformed() => new(S3Errors.MalformedXml);
}
