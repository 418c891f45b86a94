using System.Buffers;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The body of DeleteObjects: up to 1,000 keys.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html</remarks>
/// <param name="Items">The keys, in the order sent.</param>
/// <param name="IsQuiet">Whether only failures are reported.</param>
public sealed record DeleteObjectsRequest(IReadOnlyList<DeleteItem> Items, bool IsQuiet)
{
    /// <summary>The most keys in one request.</summary>
    public const int MaxItems = 1000;

    /// <summary>Reads the body to its end, with all its checks.</summary>
    /// <exception cref="S3Exception">MalformedXML, or a failed check of the body.</exception>
    public static async Task<DeleteObjectsRequest> ReadAsync(S3Request request, CancellationToken cancellationToken) =>
        Parse(await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody));

    /// <summary>Parses a document. Items keep the order of its elements.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    public static DeleteObjectsRequest Parse(XElement root)
    {
        if (root.Name.LocalName != "Delete")
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var items = new List<DeleteItem>();
        foreach (var element in root.Children("Object"))
        {
            // Exactly one key, as plain text: other parsers would read another of several, or join the text.
            var key = element.Children("Key").ToList() is [{ HasElements: false } one] ? one.Value : "";
            if (key.Length == 0 || items.Count == MaxItems || !IsText(key))
            {
                throw new S3Exception(S3Errors.MalformedXml);
            }

            items.Add(new DeleteItem(key, element.ChildText("VersionId"), DeleteConditions.Of(element)));
        }

        return items.Count == 0
            ? throw new S3Exception(S3Errors.MalformedXml)
            : new DeleteObjectsRequest(items, root.ChildText("Quiet")?.Trim() == "true");
    }

    /// <summary>Whether there is no lone surrogate: a numeric reference can produce one, but no document can contain it.</summary>
    private static bool IsText(string key)
    {
        for (var rest = key.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[length..];
        }

        return true;
    }
}

/// <summary>One key of DeleteObjects.</summary>
/// <param name="VersionId">The version to delete, or null.</param>
/// <param name="Conditions">The conditions, or null.</param>
public sealed record DeleteItem(string Key, string? VersionId, DeleteConditions? Conditions);
