using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>What an object's, a manifest's or a part's file says of itself: enough to build its index row again.</summary>
internal sealed record FileHeader
{
    /// <summary>Bytes to set aside for what is only known once the body was read: the checksum and its type.</summary>
    public const int LateFieldsRoom = 160;

    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>The place in the order of all writes and deletes: where two files are of one key, the higher is the truth.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Size, ETag, date, headers, checksums. Of a part: of the part.</summary>
    public required ObjectInfo Info { get; init; }

    /// <summary>The tags as a query string, as they came.</summary>
    public string? Tags { get; init; }

    /// <summary>The upload that a part belongs to, or that made a manifest.</summary>
    public string? UploadId { get; init; }

    /// <summary>
    /// A manifest's fingerprint of the list of parts that its upload was completed with: what tells a repeated completion from another one.
    /// </summary>
    public string? PartsFingerprint { get; init; }

    /// <summary>The number of a part.</summary>
    public int PartNumber { get; init; }

    /// <summary>The parts of a manifest, in order.</summary>
    public IReadOnlyList<StoredPart> Parts { get; init; } = [];

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a header.</exception>
    public static FileHeader Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        var sequence = fields.Fixed();
        var bucket = fields.Text();
        var key = fields.Text();
        var info = fields.ReadInfo();
        var tags = fields.OptionalText();
        var uploadId = fields.OptionalText();
        var fingerprint = fields.OptionalText();
        var partNumber = (int)fields.Number();
        var parts = new StoredPart[fields.Count()];
        for (var i = 0; i < parts.Length; i++)
        {
            var file = fields.File();
            var number = (int)fields.Number();
            var size = fields.Number();
            var checksum = fields.Byte() == 0 ? (BodyChecksum?)null : new BodyChecksum((ChecksumAlgorithm)fields.Byte(), fields.Text());
            parts[i] = new StoredPart(file, number, size, checksum);
        }

        return new FileHeader
        {
            Sequence = sequence,
            Bucket = bucket,
            Key = key,
            Info = info,
            Tags = tags,
            UploadId = uploadId,
            PartsFingerprint = fingerprint,
            PartNumber = partNumber,
            Parts = parts,
        };
    }

    /// <summary>Writes it.</summary>
    public FieldWriter Write()
    {
        var fields = new FieldWriter().Fixed(Sequence).Text(Bucket).Text(Key).Write(Info)
            .OptionalText(Tags).OptionalText(UploadId).OptionalText(PartsFingerprint).Number(PartNumber).Number(Parts.Count);
        foreach (var part in Parts)
        {
            fields.File(part.File).Number(part.Number).Number(part.Size);
            if (part.Checksum is { } checksum)
            {
                fields.Byte(1).Byte((byte)checksum.Algorithm).Text(checksum.Value);
            }
            else
            {
                fields.Byte(0);
            }
        }

        return fields;
    }
}
