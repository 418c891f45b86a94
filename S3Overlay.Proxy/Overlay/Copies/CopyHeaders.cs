using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>The headers of the write that a copy from the remote becomes.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, "x-amz-metadata-directive".</remarks>
public static class CopyHeaders
{
    private static readonly HashSet<string> Metadata = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
    };

    /// <summary>What a copy never takes from its source: the client says it, or it is as for any new object.</summary>
    private static readonly HashSet<string> FromClient = new(StringComparer.OrdinalIgnoreCase)
    {
        "If-Match", "If-None-Match", "x-amz-acl", "x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-expected-bucket-owner",
        "x-amz-request-payer",
    };

    /// <summary>What the client says of a part, which has nothing of its source but bytes.</summary>
    private static readonly string[] OfPart = [.. ClientKeys.Headers, "x-amz-expected-bucket-owner", "x-amz-request-payer"];

    private const string AnnotationDirective = "x-amz-object-annotation-directive";

    private static readonly string[] FamiliesFromClient = ["x-amz-grant-", "x-amz-server-side-encryption", "x-amz-object-lock-"];

    /// <summary>Whether the client gives the copy's metadata itself (<c>REPLACE</c>).</summary>
    /// <exception cref="S3Exception">InvalidArgument for a directive there is none of.</exception>
    public static bool IsReplaced(IHeaderDictionary headers, string directive)
    {
        var value = headers[directive].ToString();
        return value switch
        {
            "" or "COPY" => false,
            "REPLACE" => true,
            _ => throw new S3Exception(S3Errors.InvalidArgument,
                $"Unknown {(directive.Contains("tagging", StringComparison.Ordinal) ? "tagging" : "metadata")} directive.")
            {
                Details = [new("ArgumentName", directive), new("ArgumentValue", value)],
            },
        };
    }

    /// <summary>The headers to put the copy with.</summary>
    /// <param name="client">The copy request's headers.</param>
    /// <param name="source">The object that is copied.</param>
    /// <param name="tags">The source's tags as <c>x-amz-tagging</c> has them, or null for none.</param>
    public static HeaderDictionary ForPut(IHeaderDictionary client, ObjectInfo source, string? tags)
    {
        var headers = new HeaderDictionary();
        var replacesMetadata = IsReplaced(client, "x-amz-metadata-directive");
        foreach (var header in client)
        {
            if (FromClient.Contains(header.Key)
                || FamiliesFromClient.Any(family => header.Key.StartsWith(family, StringComparison.OrdinalIgnoreCase))
                || (replacesMetadata && IsMetadata(header.Key)))
            {
                headers[header.Key] = header.Value;
            }
        }

        if (!replacesMetadata)
        {
            foreach (var header in source.Headers.Where(header => IsMetadata(header.Key)))
            {
                headers.Append(header.Key, header.Value);
            }
        }

        var replacedTags = IsReplaced(client, "x-amz-tagging-directive") ? client["x-amz-tagging"].ToString() : tags;
        if (!string.IsNullOrEmpty(replacedTags))
        {
            headers["x-amz-tagging"] = replacedTags;
        }

        return headers;
    }

    /// <summary>The headers to put the copy with where it becomes a part of an upload.</summary>
    /// <param name="client">The copy request's headers.</param>
    public static HeaderDictionary ForPart(IHeaderDictionary client)
    {
        var headers = new HeaderDictionary();
        foreach (var name in OfPart)
        {
            if (client.TryGetValue(name, out var value))
            {
                headers[name] = value;
            }
        }

        return headers;
    }

    /// <summary>
    /// Refuses a copy that is to have its source's annotations by all means; S3 takes the word in the query as well. A client that says
    /// nothing gets the copy without them.
    /// </summary>
    /// <exception cref="S3Exception">NotImplemented.</exception>
    public static void RefuseAnnotations(S3Request request)
    {
        if (request.Header(AnnotationDirective) == "COPY" || request.Query[AnnotationDirective] == "COPY")
        {
            throw new S3Exception(
                S3Errors.NotImplemented,
                "Annotations are not copied from an object of the remote's. Leave the directive out, or say EXCLUDE, for a copy without them.");
        }
    }

    /// <summary>Whether a copy of an object onto itself changes anything: otherwise S3 refuses it.</summary>
    public static bool ChangeAnything(IHeaderDictionary client) =>
        IsReplaced(client, "x-amz-metadata-directive")
        || client.Any(header =>
            header.Key.Equals("x-amz-storage-class", StringComparison.OrdinalIgnoreCase)
            || header.Key.Equals("x-amz-website-redirect-location", StringComparison.OrdinalIgnoreCase)
            || header.Key.Equals("x-amz-checksum-algorithm", StringComparison.OrdinalIgnoreCase)
            || header.Key.StartsWith("x-amz-server-side-encryption", StringComparison.OrdinalIgnoreCase));

    private static bool IsMetadata(string name) => Metadata.Contains(name)
        || name.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase);
}
