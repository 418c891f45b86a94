using System.Text.Json;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The body of a tombstone or bucket mark. Its existence is what counts; the body is for people, and for the keys of cut names.
/// </summary>
/// <param name="Kind"><c>tombstone</c> or <c>deleted-bucket</c>.</param>
/// <param name="Version">The format, <see cref="Format"/>.</param>
/// <param name="Bucket">The bucket, in the client's view.</param>
/// <param name="Key">The whole key, in the client's view; null for a bucket's mark.</param>
/// <param name="Id">Random for each delete, so that tombstones of one key differ in their ETag. Null for a bucket's mark.</param>
/// <param name="Marker">The delete marker of the same delete in a versioned bucket; else null.</param>
/// <param name="Over">In a versioned bucket, the newest version when a conditional delete began that has no marker yet; else null.</param>
/// <param name="Base">The remote's object that a tombstone hides; null if nothing is known of it.</param>
internal sealed record Mark(
    [property: JsonPropertyName("s3overlay")] string Kind,
    [property: JsonPropertyName("version")] int Version,
    [property: JsonPropertyName("bucket")] string Bucket,
    [property: JsonPropertyName("key")] string? Key,
    [property: JsonPropertyName("id")] string? Id = null,
    [property: JsonPropertyName("marker")] string? Marker = null,
    [property: JsonPropertyName("over")] string? Over = null,
    [property: JsonPropertyName("base")] string? Base = null)
{
    public const int Format = 1;

    /// <summary>Larger than any mark: a key of 1024 escaped control characters.</summary>
    public const int Limit = 8192;

    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The tombstone of a key.</summary>
    public static Mark Tombstone(string bucket, string key, RemoteBase? known) =>
        new("tombstone", Format, bucket, key, Guid.NewGuid().ToString("n"), Base: known?.ToText());

    /// <summary>The mark of a deleted bucket.</summary>
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
