using System.Buffers.Binary;
using System.IO.Compression;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>The user metadata of an entry's object.</summary>
/// <remarks>
/// <code>
///   x-amz-meta-s3overlay-form     whole: the body is the entry's bytes in frames; manifest: it names chunks
///   x-amz-meta-s3overlay-fill     the fill's id
///   x-amz-meta-s3overlay-row      ETag, size and date as in the names of listing rows
///   x-amz-meta-s3overlay-blocks   of a chunk that is stored in part: its blocks, a bit each, in base64. The only one that chunks have
///   x-amz-meta-s3overlay-record   of a whole one: CRC-32C (4 bytes) and the deflated record, in base64
/// </code>
/// </remarks>
internal static class EntryHeaders
{
    private const string Form = "x-amz-meta-s3overlay-form";
    private const string Fill = "x-amz-meta-s3overlay-fill";
    private const string Row = "x-amz-meta-s3overlay-row";
    private const string Blocks = "x-amz-meta-s3overlay-blocks";
    private const string Record = "x-amz-meta-s3overlay-record";

    /// <summary>S3 takes 2 KB of user metadata in all.</summary>
    private const int LongestPacked = 1600;

    private const int LongestRecordText = 1 << 16;

    /// <summary>The headers of a whole entry; null if they would be too long.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? OfWhole(EntryRecord record) =>
        Pack(record) is { } packed ? [.. Common(record, "whole"), new(Record, packed)] : null;

    public static IReadOnlyList<KeyValuePair<string, string>> OfManifest(EntryRecord record) => [.. Common(record, "manifest")];

    public static IReadOnlyList<KeyValuePair<string, string>> OfChunk(ChunkBlocks blocks) =>
        blocks.IsWhole ? [] : [new(Blocks, blocks.ToString())];

    /// <summary>The blocks of a chunk of so many bytes that a response has, or is a range of.</summary>
    /// <exception cref="InvalidDataException">They are not of such a chunk.</exception>
    public static ChunkBlocks BlocksOf(WireResponse response, long length) =>
        response.Header(Blocks) is { } some ? ChunkBlocks.Parse(some, length) : ChunkBlocks.Whole(length);

    /// <summary>True if the response is a manifest.</summary>
    public static bool IsManifest(WireResponse response) => response.Header(Form) == "manifest";

    /// <summary>The fill of a response.</summary>
    public static bool TryFill(WireResponse response, out Guid fill) => Guid.TryParseExact(response.Header(Fill), "n", out fill);

    /// <summary>The last part of the row's name; null if the response is no entry.</summary>
    public static string? RowOf(WireResponse response) => response.Header(Row);

    /// <summary>Reads the record of a whole entry.</summary>
    /// <exception cref="InvalidDataException">It has another format, or is damaged.</exception>
    public static EntryRecord ReadWhole(WireResponse response) =>
        response.Header(Form) == "whole" && response.Header(Record) is { } packed ? Unpack(packed)
            : throw new InvalidDataException("its metadata is not that of an entry");

    /// <summary>Reads the record of an object; null if it does not exist or is no entry.</summary>
    /// <exception cref="IOException">The store failed.</exception>
    public static async Task<EntryRecord?> RecordOfAsync(CacheBucketObjects objects, string name, CancellationToken cancellationToken)
    {
        using var response = await objects.GetAsync(name, null, cancellationToken);
        try
        {
            return response is null ? null : IsManifest(response) ? (await EntryManifest.ReadAsync(response, cancellationToken)).Record
                : ReadWhole(response);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Common(EntryRecord record, string form) =>
        [new(Form, form), new(Fill, record.Fill.ToString("n")), new(Row, EntryNames.RowSuffix(record.Row))];

    /// <summary>Packs a record; null where it would be too long.</summary>
    private static string? Pack(EntryRecord record)
    {
        var text = EntryRecordText.Write(record, null);
        using var packed = new MemoryStream();
        packed.Write(new byte[4]);
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(text);
        }

        var bytes = packed.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(text));
        var value = Convert.ToBase64String(bytes);
        return value.Length <= LongestPacked ? value : null;
    }

    /// <summary>Unpacks a record.</summary>
    /// <exception cref="InvalidDataException">It has another format, or is damaged.</exception>
    private static EntryRecord Unpack(string value)
    {
        var packed = new byte[LongestPacked];
        if (value.Length > LongestPacked || !Convert.TryFromBase64String(value, packed, out var length) || length < 4)
        {
            throw new InvalidDataException("its metadata is not that of an entry");
        }

        var text = new byte[LongestRecordText];
        using var inflate = new DeflateStream(new MemoryStream(packed, 4, length - 4), CompressionMode.Decompress);
        var read = inflate.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return Crc32C.Compute(text.AsSpan(0, read)) == BinaryPrimitives.ReadUInt32LittleEndian(packed)
            ? EntryRecordText.Read(text.AsMemory(0, read)).Record : throw new InvalidDataException("its metadata is damaged");
    }
}
