using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>Headers of the write that a copy from the remote turns into.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, "x-amz-metadata-directive".</remarks>
public static class CopyHeaders
{
    private static readonly HashSet<string> Metadata = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
    };

    /// <summary>Never copied from the source: set by the client, or the default of a new object.</summary>
    private static readonly HashSet<string> FromClient = new(StringComparer.OrdinalIgnoreCase)
    {
        "If-Match", "If-None-Match", "x-amz-acl", "x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-expected-bucket-owner",
        "x-amz-request-payer",
    };

    /// <summary>Client headers that apply to a part. A part takes only bytes from its source.</summary>
    private static readonly string[] OfPart = [.. ClientKeys.Headers, "x-amz-expected-bucket-owner", "x-amz-request-payer"];

    private const string AnnotationDirective = "x-amz-object-annotation-directive";

    private static readonly string[] FamiliesFromClient = ["x-amz-grant-", "x-amz-server-side-encryption", "x-amz-object-lock-"];

    /// <summary>True if the client supplies the metadata itself (<c>REPLACE</c>).</summary>
    /// <exception cref="S3Exception">InvalidArgument for an unknown directive.</exception>
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

    /// <summary>
    /// Headers of the PutObject that writes the copy. <paramref name="tags"/> are the source's tags in the form of <c>x-amz-tagging</c>, or
    /// null.
    /// </summary>
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

    /// <summary>Headers of the UploadPart that writes the copy.</summary>
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
    /// Refuses a copy that insists on the source's annotations, in a header or the query. Without such a demand, they are left out.
    /// </summary>
    /// <exception cref="S3Exception">NotImplemented.</exception>
    public static void RefuseAnnotations(S3Request request)
    {
        if (request.Header(AnnotationDirective) == "COPY" || request.Query[AnnotationDirective] == "COPY")
        {
            throw new S3Exception(
                S3Errors.NotImplemented,
                "Annotations of a remote object cannot be copied. For a copy without them, omit the directive or set it to EXCLUDE.");
        }
    }

    /// <summary>True if a copy of an object onto itself would change something. S3 refuses it otherwise.</summary>
    public static bool ChangeAnything(IHeaderDictionary client) => IsReplaced(client, "x-amz-metadata-directive")
        || client.Any(header =>
            header.Key.Equals("x-amz-storage-class", StringComparison.OrdinalIgnoreCase)
            || header.Key.Equals("x-amz-website-redirect-location", StringComparison.OrdinalIgnoreCase)
            || header.Key.Equals("x-amz-checksum-algorithm", StringComparison.OrdinalIgnoreCase)
            || header.Key.StartsWith("x-amz-server-side-encryption", StringComparison.OrdinalIgnoreCase));

    private static bool IsMetadata(string name) => Metadata.Contains(name)
        || name.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase);
}
