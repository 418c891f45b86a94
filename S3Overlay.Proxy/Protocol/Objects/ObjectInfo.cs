using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>What is known of an object besides its bytes: all that HEAD shows, in whichever layer it lives.</summary>
public sealed record ObjectInfo
{
    /// <summary>The object's length in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The entity tag exactly as it stands in the header, quotes and all; the empty string where the layer gave none.</summary>
    public required string ETag { get; init; }

    /// <summary>When the object was last written, to the whole second as HTTP dates have it.</summary>
    public required DateTimeOffset LastModified { get; init; }

    /// <summary>
    /// The headers that come back as they were stored, in order: Content-Type, Content-Encoding, Content-Language, Content-Disposition,
    /// Cache-Control, Expires, <c>x-amz-meta-*</c>, storage class, version id and whatever else the owning layer shows. Never
    /// Content-Length, Content-Range, ETag, Last-Modified, Date, connection or request-id headers, nor checksums.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The additional checksums; shown only when asked for with <c>x-amz-checksum-mode: ENABLED</c>, and not beside a range.</summary>
    public IReadOnlyList<BodyChecksum> Checksums { get; init; } = [];

    /// <summary><c>FULL_OBJECT</c> or <c>COMPOSITE</c>: what <see cref="Checksums"/> cover. Null where there are none.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>The header of that name, or null. Names compare without regard to case.</summary>
    public string? Header(string name)
    {
        foreach (var header in Headers)
        {
            if (string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return null;
    }
}
