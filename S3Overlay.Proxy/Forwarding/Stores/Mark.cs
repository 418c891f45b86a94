using System.Text.Json;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Forwarding.Wire;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// What a tombstone or a bucket's mark says of itself. That the object is there is what counts; its body is for people, and for the keys of
/// cut names.
/// </summary>
/// <param name="Kind"><c>tombstone</c> or <c>deleted-bucket</c>.</param>
/// <param name="Version">The format, <see cref="Format"/>.</param>
/// <param name="Bucket">The bucket, in the client's view.</param>
/// <param name="Key">The whole key, in the client's view; null for a bucket's mark.</param>
/// <param name="Id">Chance, another for each delete: so that the ETag of a tombstone tells it from a later one of the same key. Null for a
/// bucket's mark.</param>
/// <param name="Marker">The delete marker that came of the same delete, in a bucket that keeps versions; else null.</param>
/// <param name="Over">There, the newest version, where a conditional delete of it began and no marker has come of that yet; else
/// null.</param>
internal sealed record Mark(
    [property: JsonPropertyName("s3overlay")] string Kind,
    [property: JsonPropertyName("version")] int Version,
    [property: JsonPropertyName("bucket")] string Bucket,
    [property: JsonPropertyName("key")] string? Key,
    [property: JsonPropertyName("id")] string? Id = null,
    [property: JsonPropertyName("marker")] string? Marker = null,
    [property: JsonPropertyName("over")] string? Over = null)
{
    /// <summary>The format that is written.</summary>
    public const int Format = 1;

    /// <summary>More than any mark has in bytes: a key of 1024 control characters, each of them escaped.</summary>
    public const int Limit = 8192;

    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The mark that a key was deleted.</summary>
    public static Mark Tombstone(string bucket, string key) => new("tombstone", Format, bucket, key, Guid.NewGuid().ToString("n"));

    /// <summary>The mark that a bucket was deleted.</summary>
    public static Mark DeletedBucket(string bucket) => new("deleted-bucket", Format, bucket, null);

    /// <summary>The object's body.</summary>
    public WireBody ToBody() => WireBody.Of(JsonSerializer.SerializeToUtf8Bytes(this, Options));

    /// <summary>Reads a body; null where it is no mark.</summary>
    public static Mark? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize<Mark>(body, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
