using S3Overlay.Proxy.Forwarding.Wire;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>The user metadata of an entry's object.</summary>
/// <remarks>
/// <code>
///   x-amz-meta-s3overlay-form     whole: the body is the entry's bytes in frames; manifest: it names chunks
///   x-amz-meta-s3overlay-fill     the fill's id
///   x-amz-meta-s3overlay-row      ETag, size and date as in the names of listing rows
///   x-amz-meta-s3overlay-record   of a whole one: CRC-32C (4 bytes) and the deflated record, in base64
/// </code>
/// </remarks>
internal static class EntryHeaders
{
    private const string Form = "x-amz-meta-s3overlay-form";
    private const string Fill = "x-amz-meta-s3overlay-fill";
    private const string Row = "x-amz-meta-s3overlay-row";
    private const string Record = "x-amz-meta-s3overlay-record";

    /// <summary>The headers of a whole entry; null if they would be too long.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? OfWhole(EntryRecord record)
    {
        return PackedRecord.Write(record) is { } packed ? [.. Common(record, "whole"), new(Record, packed)] : null;
    }

    public static IReadOnlyList<KeyValuePair<string, string>> OfManifest(EntryRecord record) => [.. Common(record, "manifest")];

    /// <summary>True if the response is a manifest.</summary>
    public static bool IsManifest(WireResponse answer) => answer.Header(Form) == "manifest";

    /// <summary>The fill of a response.</summary>
    public static bool TryFill(WireResponse answer, out Guid fill) => Guid.TryParseExact(answer.Header(Fill), "n", out fill);

    /// <summary>The last part of the row's name; null if the response is no entry.</summary>
    public static string? RowOf(WireResponse answer) => answer.Header(Row);

    /// <summary>Reads the record of a whole entry.</summary>
    /// <exception cref="InvalidDataException">It has another format, or is damaged.</exception>
    public static EntryRecord ReadWhole(WireResponse answer) =>
        answer.Header(Form) == "whole" && answer.Header(Record) is { } packed ? PackedRecord.Read(packed)
            : throw new InvalidDataException("its metadata is not that of an entry");

    /// <summary>Reads the record of an object; null if it does not exist or is no entry.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public static async Task<EntryRecord?> RecordOfAsync(CacheBucketObjects objects, string name, CancellationToken cancellationToken)
    {
        using var answer = await objects.GetAsync(name, null, cancellationToken);
        try
        {
            return answer is null ? null : IsManifest(answer) ? (await EntryManifest.ReadAsync(answer, cancellationToken)).Record
                : ReadWhole(answer);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Common(EntryRecord record, string form) =>
        [new(Form, form), new(Fill, record.Fill.ToString("n")), new(Row, EntryNames.RowSuffix(record.Row))];
}
