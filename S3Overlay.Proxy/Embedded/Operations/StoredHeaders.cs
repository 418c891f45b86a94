using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// Which headers of a write are stored with the object, and which are refused because they request something unsupported.
/// </summary>
internal static class StoredHeaders
{
    private const string MetaPrefix = "x-amz-meta-";
    private const int MaxMetadata = 2048;

    private static readonly string[] Plain =
        ["Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control", "Expires",
            "x-amz-website-redirect-location"];

    private static readonly HashSet<string> StorageClasses = new(StringComparer.Ordinal)
    {
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR",
        "SNOW", "EXPRESS_ONEZONE",
    };

    /// <summary>The stored headers, in a fixed order.</summary>
    /// <exception cref="S3Exception">MetadataTooLarge, InvalidStorageClass, InvalidArgument, NotImplemented.</exception>
    public static List<KeyValuePair<string, string>> Of(S3Request request)
    {
        Refuse(request);
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var name in Plain)
        {
            var value = request.Header(name);
            if (name == "Content-Encoding")
            {
                value = ContentEncodings.ToStore(value);
            }

            if (name == "Content-Type" && string.IsNullOrEmpty(value))
            {
                value = "binary/octet-stream";
            }

            if (!string.IsNullOrEmpty(value))
            {
                headers.Add(new(name, value));
            }
        }

        AddMetadata(request, headers);
        AddStorageClass(request, headers);
        return headers;
    }

    /// <summary>
    /// The headers of a copy that keeps its source's: all but the storage class, the redirect and the encryption, which each request sets
    /// anew.
    /// </summary>
    public static List<KeyValuePair<string, string>> OfCopy(S3Request request, IReadOnlyList<KeyValuePair<string, string>> source)
    {
        Refuse(request);
        var headers = source.Where(static header => header.Key is not ("x-amz-storage-class" or "x-amz-website-redirect-location")
            && !WriteEncryption.Is(header.Key)).ToList();
        if (request.Header("x-amz-website-redirect-location") is { Length: > 0 } redirect)
        {
            headers.Add(new("x-amz-website-redirect-location", redirect));
        }

        AddStorageClass(request, headers);
        return headers;
    }

    private static void AddMetadata(S3Request request, List<KeyValuePair<string, string>> headers)
    {
        var size = 0;
        foreach (var (name, values) in request.Headers)
        {
            if (name.StartsWith(MetaPrefix, StringComparison.OrdinalIgnoreCase))
            {
                var value = string.Join(",", values.ToArray());
                size += name.Length - MetaPrefix.Length + value.Length;
                headers.Add(new(name.ToLowerInvariant(), value));
            }
        }

        if (size > MaxMetadata)
        {
            throw new S3Exception(S3Errors.MetadataTooLarge)
            {
                Details =
                [
                    new("Size", size.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                    new("MaxSizeAllowed", MaxMetadata.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                ],
            };
        }
    }

    /// <summary>Whether S3 would have to restore an object of this class before it can be read. Here it can be read at once.</summary>
    public static bool IsArchived(ObjectInfo info) => info.Header("x-amz-storage-class") is "GLACIER" or "DEEP_ARCHIVE";

    /// <summary>STANDARD is the default, so it is not stored.</summary>
    private static void AddStorageClass(S3Request request, List<KeyValuePair<string, string>> headers)
    {
        if (request.Header("x-amz-storage-class") is { Length: > 0 } storageClass and not "STANDARD")
        {
            headers.Add(new("x-amz-storage-class", StorageClasses.Contains(storageClass) ? storageClass
                : throw new S3Exception(S3Errors.InvalidStorageClass) { Details = [new("StorageClassRequested", storageClass)] }));
        }
    }

    /// <summary>Refuses promises that would not be kept.</summary>
    private static void Refuse(S3Request request)
    {
        foreach (var (name, _) in request.Headers)
        {
            if ((WriteEncryption.Is(name) && !WriteEncryption.IsKnown(name))
                || (name.StartsWith("x-amz-object-lock-", StringComparison.OrdinalIgnoreCase) && !LockHeaders.IsRead(name))
                || name.Equals("x-amz-write-offset-bytes", StringComparison.OrdinalIgnoreCase))
            {
                throw new S3Exception(
                    S3Errors.NotImplemented,
                    $"The header '{name.ToLowerInvariant()}' requests something that this server does not support.");
            }
        }

        if (request.Header("x-amz-website-redirect-location") is { Length: > 0 } redirect
            && !redirect.StartsWith('/')
            && !redirect.StartsWith("http://", StringComparison.Ordinal)
            && !redirect.StartsWith("https://", StringComparison.Ordinal))
        {
            throw new S3Exception(
                S3Errors.InvalidArgument, "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.");
        }
    }
}
