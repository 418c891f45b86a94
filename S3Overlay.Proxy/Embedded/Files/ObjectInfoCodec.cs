using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>An object's size, ETag, date, headers and checksums as fields, the same in file headers and index rows.</summary>
internal static class ObjectInfoCodec
{
    public static FieldWriter Write(this FieldWriter fields, ObjectInfo info) =>
        fields.Number(info.Size).Text(info.ETag).Number(info.LastModified.ToUnixTimeMilliseconds()).WriteDetails(info);

    /// <summary>What has no column of its own: headers and checksums.</summary>
    public static FieldWriter WriteDetails(this FieldWriter fields, ObjectInfo info)
    {
        fields.Write(info.Headers).Number(info.Checksums.Count);
        foreach (var checksum in info.Checksums)
        {
            fields.Write(checksum);
        }

        return fields.OptionalText(info.ChecksumType);
    }

    public static FieldWriter Write(this FieldWriter fields, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        fields.Number(headers.Count);
        foreach (var (name, value) in headers)
        {
            fields.Text(name).Text(value);
        }

        return fields;
    }

    public static KeyValuePair<string, string>[] ReadHeaders(this ref FieldReader fields)
    {
        var headers = new KeyValuePair<string, string>[fields.Count()];
        for (var i = 0; i < headers.Length; i++)
        {
            headers[i] = new(fields.Text(), fields.Text());
        }

        return headers;
    }

    public static FieldWriter Write(this FieldWriter fields, BodyChecksum checksum) =>
        fields.Byte((byte)checksum.Algorithm).Text(checksum.Value);

    public static BodyChecksum ReadChecksum(this ref FieldReader fields) => new((ChecksumAlgorithm)fields.Byte(), fields.Text());

    public static ObjectInfo ReadInfo(this ref FieldReader fields) =>
        fields.ReadDetails(fields.Number(), fields.Text(), fields.Number());

    /// <summary>Adds headers and checksums to what has its own column.</summary>
    public static ObjectInfo ReadDetails(this ref FieldReader fields, long size, string etag, long modified) => new()
    {
        Size = size,
        ETag = etag,
        LastModified = DateTimeOffset.FromUnixTimeMilliseconds(modified),
        Headers = fields.ReadHeaders(),
        Checksums = fields.ReadChecksums(),
        ChecksumType = fields.OptionalText(),
    };

    private static BodyChecksum[] ReadChecksums(this ref FieldReader fields)
    {
        var checksums = fields.Count() is var count && count > 0 ? new BodyChecksum[count] : [];
        for (var i = 0; i < checksums.Length; i++)
        {
            checksums[i] = fields.ReadChecksum();
        }

        return checksums;
    }
}
