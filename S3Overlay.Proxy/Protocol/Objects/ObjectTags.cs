using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Tags of objects, up to ten, and of buckets, up to fifty. Stored as the query string of <c>x-amz-tagging</c>.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html</remarks>
public static class ObjectTags
{
    /// <summary>The most tags of a bucket.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html</remarks>
    public const int MostOfBucket = 50;

    private const int MaxTags = 10;
    private const int MaxName = 128;
    private const int MaxValue = 256;

    /// <summary>The punctuation that S3 allows in tags.</summary>
    private const string Signs = "_.:/=+-@";

    private static readonly S3Error InvalidTag = new("InvalidTag", 400, "The tag provided was not a valid tag.");

    /// <summary>The tags of a write; null for none.</summary>
    /// <param name="request">The write.</param>
    /// <param name="isClients">False for the tags of a remote object, which a client cannot correct: they are kept as they are.</param>
    /// <exception cref="S3Exception">InvalidArgument, InvalidTag.</exception>
    public static string? FromHeader(S3Request request, bool isClients = true)
    {
        if (request.Header("x-amz-tagging") is not { Length: > 0 } header)
        {
            return null;
        }

        // S3 keeps the order of a document, and none of a header. These are sorted, as in Ceph's gateway.
        return isClients ? Join([.. Parse(header).OrderBy(static tag => tag.Key, StringComparer.Ordinal)], isClients: true)
            : Join(Split(HeaderText.ToText(header)), isClients: false);
    }

    /// <summary>The tags in a Tagging document; null for none.</summary>
    /// <param name="root">The document.</param>
    /// <param name="most">How many there may be.</param>
    /// <exception cref="S3Exception">MalformedXML, InvalidTag.</exception>
    public static string? FromXml(XElement root, int most = MaxTags)
    {
        if (root.Name.LocalName != "Tagging" || root.Children("TagSet").FirstOrDefault() is not { } set)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var tags = set.Children("Tag").Select(static tag => new KeyValuePair<string, string>(
            tag.ChildText("Key") ?? throw new S3Exception(S3Errors.MalformedXml),
            tag.ChildText("Value") ?? throw new S3Exception(S3Errors.MalformedXml))).ToList();
        return Join(tags, isClients: true, most);
    }

    /// <summary>The document of stored tags.</summary>
    public static S3XmlWriter ToXml(string? tags)
    {
        var xml = new S3XmlWriter().Root("Tagging").Open("TagSet");
        foreach (var (name, value) in Split(tags))
        {
            xml.Open("Tag").Element("Key", name).Element("Value", value).Close("Tag");
        }

        return xml.Close("TagSet").Close("Tagging");
    }

    /// <summary>Stored tags as pairs.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Split(string? tags) =>
        tags is null ? []
            : [.. S3Query.Parse(tags).Parameters.Select(static tag => new KeyValuePair<string, string>(tag.Key, tag.Value ?? ""))];

    /// <summary>The number of stored tags.</summary>
    public static int Count(string tags) => tags.Length == 0 ? 0 : tags.AsSpan().Count('&') + 1;

    /// <summary>Parses the tags of a client's header. Invalid tags are a malformed header here, as in S3.</summary>
    private static IReadOnlyList<KeyValuePair<string, string>> Parse(string header)
    {
        try
        {
            var tags = Split(HeaderText.ToText(header));
            if (tags.All(static tag => tag.Key.Length > 0 && IsPossible(tag.Key) && IsPossible(tag.Value))
                && tags.DistinctBy(static tag => tag.Key).Count() == tags.Count)
            {
                return tags;
            }
        }
        catch (S3Exception failure) when (failure.Error == S3Errors.InvalidUri)
        {
            // Invalid percent-encoding, or not UTF-8.
        }

        throw S3Exception.Argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            "x-amz-tagging", HeaderText.ToText(header));
    }

    private static string? Join(IReadOnlyList<KeyValuePair<string, string>> tags, bool isClients, int most = MaxTags)
    {
        if (tags.Count > most)
        {
            throw Invalid($"{(most == MaxTags ? "Object" : "Bucket")} tags cannot be greater than {most}");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in tags)
        {
            if (!names.Add(name))
            {
                throw Invalid("Cannot provide multiple Tags with the same key", KeyValuePair.Create("TagKey", name));
            }

            if (isClients && name.StartsWith("aws:", StringComparison.Ordinal))
            {
                throw Invalid("Your TagKey cannot be prefixed with aws:", KeyValuePair.Create("TagKey", name));
            }

            if (name.Length is 0 or > MaxName || (isClients && !IsPossible(name)))
            {
                throw Invalid("The TagKey you have provided is invalid", KeyValuePair.Create("TagKey", name));
            }

            if (value.Length > MaxValue || (isClients && !IsPossible(value)))
            {
                throw Invalid("The TagValue you have provided is invalid", KeyValuePair.Create("TagKey", name),
                    KeyValuePair.Create("TagValue", value));
            }
        }

        return tags.Count == 0
            ? null
            : string.Join(
                '&', tags.Select(static tag => UriEncoding.EncodeComponent(tag.Key) + "=" + UriEncoding.EncodeComponent(tag.Value)));
    }

    /// <summary>Whether S3 allows the text in a tag: letters, digits and spaces of any script, and some punctuation.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_S3Tag.html</remarks>
    private static bool IsPossible(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetter(rune) && !Rune.IsNumber(rune) && !Rune.IsSeparator(rune)
                && !(rune.IsAscii && Signs.Contains((char)rune.Value, StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return true;
    }

    private static S3Exception Invalid(string message, params KeyValuePair<string, string>[] details) =>
        new(InvalidTag, message) { Details = details };
}
