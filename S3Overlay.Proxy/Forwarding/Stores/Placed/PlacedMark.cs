using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// The metadata by which a copy under its own key is told from a written object: bound to bucket, key and the store's own ETag of these
/// bytes.
/// </summary>
/// <remarks>
/// <code>
///   x-amz-meta-s3overlay-form      placed
///   x-amz-meta-s3overlay-etag      the store's ETag of the bytes: their MD5 in hex
///   x-amz-meta-s3overlay-record    the copy's record, which names bucket and key
/// </code>
/// Whoever overwrites the object takes the mark away; whoever copies it elsewhere, or writes other bytes with the same metadata, takes it
/// along, where it fits no more.
/// </remarks>
internal static class PlacedMark
{
    /// <summary>What all metadata of the overlay begins with (rule T5).</summary>
    public const string Family = "x-amz-meta-s3overlay-";

    private const string UserMetadata = "x-amz-meta-";
    private const string Form = Family + "form";
    private const string StoreETag = Family + "etag";
    private const string Record = Family + "record";

    /// <summary>S3 takes 2 KB of user metadata, and 8 KB of headers in all.</summary>
    private const int LongestMetadata = 2048;

    private const int LongestHeaders = 6 << 10;

    private static readonly HashSet<string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
    };

    /// <summary>
    /// The headers that a copy is put with, the object's own among them; null where they would be too long, or not told from the overlay's
    /// own.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? Headers(EntryRecord record, string md5)
    {
        if (PackedRecord.Write(record) is not { } packed || record.Info.Headers
            .Any(header => header.Key.StartsWith(Family, StringComparison.OrdinalIgnoreCase) || ArchiveUploads.IsMark(header.Key)))
        {
            return null;
        }

        List<KeyValuePair<string, string>> headers =
        [
            .. record.Info.Headers.Where(header => Own.Contains(header.Key) || IsMetadata(header.Key)),
            new(Form, "placed"),
            new(StoreETag, md5),
            new(Record, packed),
        ];
        return headers.Where(header => IsMetadata(header.Key))
            .Sum(header => header.Key.Length - UserMetadata.Length + header.Value.Length) <= LongestMetadata
            && headers.Sum(header => header.Key.Length + header.Value.Length) <= LongestHeaders
                ? headers
                : null;
    }

    /// <summary>The record of a copy; null where the object is none: it has no mark, or one that is not its own.</summary>
    public static EntryRecord? Read(WireResponse answer, ObjectName name)
    {
        if (answer.Status is not (200 or 206)
            || answer.Header(Form) != "placed"
            || answer.Header(StoreETag) is not { Length: 32 } md5
            || answer.Header("ETag") is not { } etag
            || !ETags.Same(etag, md5)
            || answer.Header(Record) is not { } packed)
        {
            return null;
        }

        try
        {
            return PackedRecord.Read(packed) is var record && record.Name == name && record.Identity.ChunkSize == 0 ? record : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>
    /// Takes the overlay's metadata out of an answer: the object is a written one, whatever it was copied from (rule T5).
    /// </summary>
    public static void Hide(HttpResponseMessage answer)
    {
        foreach (var name in answer.Headers.NonValidated.Select(header => header.Key)
            .Where(name => name.StartsWith(Family, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            answer.Headers.Remove(name);
        }
    }

    private static bool IsMetadata(string name) => name.StartsWith(UserMetadata, StringComparison.OrdinalIgnoreCase);
}
