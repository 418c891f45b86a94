using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Uploads;

/// <summary>An open multipart upload: its object's name and properties.</summary>
internal sealed record UploadRecord
{
    /// <summary>The id: starts with the time, so that ids of one key sort by creation.</summary>
    public required string UploadId { get; init; }

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    public required DateTimeOffset Initiated { get; init; }

    /// <summary>The object's headers.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The object's tags, or null.</summary>
    public string? Tags { get; init; }

    /// <summary>The checksum algorithm of every part, sent by the client or computed here if allowed; else null.</summary>
    public ChecksumAlgorithm? Algorithm { get; init; }

    /// <summary>True if the object's checksum covers all of its bytes, rather than the parts' checksums.</summary>
    public bool IsFullObject { get; init; }

    /// <summary>S3's name of the type; null without a checksum.</summary>
    public string? ChecksumType => Algorithm is null ? null : IsFullObject ? "FULL_OBJECT" : "COMPOSITE";

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

    public ReadOnlyMemory<byte> Write()
    {
        var fields = new FieldWriter().Text(UploadId).Text(Bucket).Text(Key).Number(Initiated.ToUnixTimeMilliseconds()).OptionalText(Tags)
            .Byte(Algorithm is { } algorithm ? (byte)algorithm : (byte)0xFF).Byte((byte)(IsFullObject ? 1 : 0)).Write(Headers);
        return fields.WrittenMemory;
    }
}
