using System.Globalization;

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

    /// <summary>
    /// The additional checksums; shown only when asked for with <c>x-amz-checksum-mode: ENABLED</c>, and not beside a range.
    /// </summary>
    public IReadOnlyList<BodyChecksum> Checksums { get; init; } = [];

    /// <summary><c>FULL_OBJECT</c> or <c>COMPOSITE</c>: what <see cref="Checksums"/> cover. Null where there are none.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>
    /// Whether <see cref="Checksums"/> are all that the object has. An answer to a range names none, so that what is known by such an
    /// answer alone says nothing of them: then they are empty, and to be asked for.
    /// </summary>
    public bool AreChecksumsKnown { get; init; } = true;

    /// <summary>The same, with the checksums that are known of the version otherwise where this does not tell.</summary>
    public ObjectInfo OrChecksumsOf(ObjectInfo other) =>
        AreChecksumsKnown ? this
            : this with { Checksums = other.Checksums, ChecksumType = other.ChecksumType, AreChecksumsKnown = other.AreChecksumsKnown };

    /// <summary>
    /// The same as of an object that has no checksums, where those are all that was learned since something else was known of the version:
    /// for a copy that has no room for them. Null where more was learned.
    /// </summary>
    public ObjectInfo? ButForChecksumsSince(ObjectInfo before) =>
        !before.AreChecksumsKnown && Checksums.Count > 0 && LastModified == before.LastModified && Headers.SequenceEqual(before.Headers)
            ? this with { Checksums = [], ChecksumType = null }
            : null;

    /// <summary>What an answer tells of the object that does not tell its checksums.</summary>
    public ObjectInfo WithoutChecksums() => this with { Checksums = [], ChecksumType = null, AreChecksumsKnown = false };

    /// <summary>How many parts the object has, as answers to reads of one part say; 0 in all others.</summary>
    public int PartsCount => int.TryParse(Header("x-amz-mp-parts-count"), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? count : 0;

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
