using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>The tags of an object: up to ten, kept as the query string that <c>x-amz-tagging</c> is.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html</remarks>
internal static class ObjectTags
{
    private const int MaxTags = 10;
    private const int MaxName = 128;
    private const int MaxValue = 256;

    private static readonly S3Error InvalidTag = new("InvalidTag", 400, "The tag provided was not a valid tag.");

    /// <summary>The tags of a write; null for none.</summary>
    /// <exception cref="S3Exception">InvalidArgument, InvalidTag, BadRequest.</exception>
    public static string? FromHeader(S3Request request)
    {
        if (request.Header("x-amz-tagging") is not { Length: > 0 } header)
        {
            return null;
        }

        try
        {
            return Join(Split(HeaderText.ToText(header)));
        }
        catch (S3Exception failure) when (failure.Error == S3Errors.InvalidUri)
        {
            throw new S3Exception(S3Errors.InvalidArgument, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.");
        }
    }

    /// <summary>The tags in a Tagging document; null for none.</summary>
    /// <exception cref="S3Exception">MalformedXML, InvalidTag, BadRequest.</exception>
    public static string? FromXml(XElement root)
    {
        if (root.Name.LocalName != "Tagging" || root.Children("TagSet").FirstOrDefault() is not { } set)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        return Join([.. set.Children("Tag").Select(static tag => new KeyValuePair<string, string>(
            tag.ChildText("Key") ?? throw new S3Exception(S3Errors.MalformedXml),
            tag.ChildText("Value") ?? throw new S3Exception(S3Errors.MalformedXml)))]);
    }

    /// <summary>The tags that are kept.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Split(string? tags) =>
        tags is null ? [] : [.. S3Query.Parse(tags).Parameters.Select(static tag => new KeyValuePair<string, string>(tag.Key, tag.Value ?? ""))];

    /// <summary>How many there are.</summary>
    public static int Count(string tags) => tags.Length == 0 ? 0 : tags.AsSpan().Count('&') + 1;

    private static string? Join(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        if (tags.Count > MaxTags)
        {
            throw new S3Exception(new S3Error("BadRequest", 400, "Object tags cannot be greater than 10"));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in tags)
        {
            if (name.Length is 0 or > MaxName)
            {
                throw new S3Exception(InvalidTag, "The TagKey you have provided is invalid");
            }

            if (value.Length > MaxValue)
            {
                throw new S3Exception(InvalidTag, "The TagValue you have provided is invalid");
            }

            if (!names.Add(name))
            {
                throw new S3Exception(InvalidTag, "Cannot provide multiple Tags with the same key");
            }
        }

        return tags.Count == 0
            ? null
            : string.Join('&', tags.Select(static tag => UriEncoding.EncodeComponent(tag.Key) + "=" + UriEncoding.EncodeComponent(tag.Value)));
    }
}
