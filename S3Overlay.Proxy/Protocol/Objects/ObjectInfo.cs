using System.Globalization;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The metadata of an object in any layer: everything that HEAD shows.</summary>
public sealed record ObjectInfo
{
    /// <summary>The size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The entity tag as in the header, with quotes; empty if the layer sent none.</summary>
    public required string ETag { get; init; }

    /// <summary>When the object was written, in whole seconds as in HTTP dates.</summary>
    public required DateTimeOffset LastModified { get; init; }

    /// <summary>
    /// Headers that are returned as stored, in order: Content-Type, Content-Encoding, Content-Language, Content-Disposition, Cache-Control,
    /// Expires, <c>x-amz-meta-*</c>, storage class, version id, and others that the layer sends. Never Content-Length, Content-Range, ETag,
    /// Last-Modified, Date, connection or request-id headers, nor checksums.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The additional checksums. Shown only with <c>x-amz-checksum-mode: ENABLED</c>, and never with a range.</summary>
    public IReadOnlyList<BodyChecksum> Checksums { get; init; } = [];

    /// <summary><c>FULL_OBJECT</c> or <c>COMPOSITE</c>: what <see cref="Checksums"/> cover. Null without checksums.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>
    /// Whether <see cref="Checksums"/> are complete. A range response has none, so metadata from one leaves them unknown and empty.
    /// </summary>
    public bool AreChecksumsKnown { get; init; } = true;

    /// <summary>The same, with the checksums of <paramref name="other"/> if these are unknown.</summary>
    public ObjectInfo OrChecksumsOf(ObjectInfo other) =>
        AreChecksumsKnown ? this
            : this with { Checksums = other.Checksums, ChecksumType = other.ChecksumType, AreChecksumsKnown = other.AreChecksumsKnown };

    /// <summary>
    /// The same without checksums, if they are the only news since <paramref name="before"/>: for a cache entry without room for them. Null
    /// if there is other news.
    /// </summary>
    public ObjectInfo? ButForChecksumsSince(ObjectInfo before) =>
        !before.AreChecksumsKnown && Checksums.Count > 0 && LastModified == before.LastModified && Headers.SequenceEqual(before.Headers)
            ? this with { Checksums = [], ChecksumType = null }
            : null;

    /// <summary>The same with unknown checksums.</summary>
    public ObjectInfo WithoutChecksums() => this with { Checksums = [], ChecksumType = null, AreChecksumsKnown = false };

    /// <summary>The number of parts, which only responses to reads of one part show; otherwise 0.</summary>
    public int PartsCount => int.TryParse(Header("x-amz-mp-parts-count"), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? count : 0;

    /// <summary>The header of that name, or null. Case-insensitive.</summary>
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
