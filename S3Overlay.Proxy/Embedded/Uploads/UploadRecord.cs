using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Uploads;

/// <summary>An open multipart upload: what the object will be called, and what it will say of itself.</summary>
internal sealed record UploadRecord
{
    /// <summary>The id: starts with the time, so that ids of one key are in the order they were given.</summary>
    public required string UploadId { get; init; }

    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset Initiated { get; init; }

    /// <summary>The headers the object will come back with.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The object's tags, or null.</summary>
    public string? Tags { get; init; }

    /// <summary>The checksum that every part has, or null: brought along, or computed here where it may be.</summary>
    public ChecksumAlgorithm? Algorithm { get; init; }

    /// <summary>Whether the object's checksum covers all of its bytes, rather than the parts' checksums.</summary>
    public bool IsFullObject { get; init; }

    /// <summary>S3's word for that; null where there is no checksum.</summary>
    public string? ChecksumType => Algorithm is null ? null : IsFullObject ? "FULL_OBJECT" : "COMPOSITE";

    /// <summary>The storage class.</summary>
    public string StorageClass
    {
        get
        {
            foreach (var (name, value) in Headers)
            {
                if (name == "x-amz-storage-class")
                {
                    return value;
                }
            }

            return "STANDARD";
        }
    }

    /// <summary>Reads one.</summary>
    public static UploadRecord Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        var (uploadId, bucket, key) = (fields.Text(), fields.Text(), fields.Text());
        var initiated = DateTimeOffset.FromUnixTimeMilliseconds(fields.Number());
        var tags = fields.OptionalText();
        var algorithm = fields.Byte() is var number && number == 0xFF ? (ChecksumAlgorithm?)null : (ChecksumAlgorithm)number;
        var isFullObject = fields.Byte() == 1;
        return new UploadRecord
        {
            UploadId = uploadId,
            Bucket = bucket,
            Key = key,
            Initiated = initiated,
            Tags = tags,
            Algorithm = algorithm,
            IsFullObject = isFullObject,
            Headers = fields.ReadHeaders(),
        };
    }

    /// <summary>Writes it.</summary>
    public ReadOnlyMemory<byte> Write()
    {
        var fields = new FieldWriter().Text(UploadId).Text(Bucket).Text(Key).Number(Initiated.ToUnixTimeMilliseconds()).OptionalText(Tags)
            .Byte(Algorithm is { } algorithm ? (byte)algorithm : (byte)0xFF).Byte((byte)(IsFullObject ? 1 : 0)).Write(Headers);
        return fields.WrittenMemory;
    }
}
