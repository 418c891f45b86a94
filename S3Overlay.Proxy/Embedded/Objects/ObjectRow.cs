using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>A written object in the index: all that HEAD and a listing show, and where the bytes are.</summary>
internal sealed record ObjectRow
{
    private const byte Version = 1;

    /// <summary>The object's file, or its manifest.</summary>
    public required FileId File { get; init; }

    /// <summary>The place in the order of all writes and deletes.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Size, ETag, date, headers, checksums.</summary>
    public required ObjectInfo Info { get; init; }

    /// <summary>The tags as a query string, or null.</summary>
    public string? Tags { get; init; }

    /// <summary>How many part files the bytes are in; 0 where they are in the object's own file.</summary>
    public int PartCount { get; init; }

    /// <summary>The row for a file with this header.</summary>
    public static ObjectRow Of(FileId file, FileHeader header) => new()
    {
        File = file,
        Sequence = header.Sequence,
        Info = header.Info,
        Tags = header.Tags,
        PartCount = header.Parts.Count,
    };

    /// <summary>Reads a row's value.</summary>
    public static ObjectRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        if (fields.Byte() != Version)
        {
            throw new InvalidDataException("An index row is of another version.");
        }

        return new ObjectRow
        {
            File = fields.File(),
            Sequence = fields.Fixed(),
            PartCount = (int)fields.Number(),
            Tags = fields.OptionalText(),
            Info = fields.ReadInfo(),
        };
    }

    /// <summary>The row's value.</summary>
    public ReadOnlySpan<byte> Write() =>
        new FieldWriter().Byte(Version).File(File).Fixed(Sequence).Number(PartCount).OptionalText(Tags).Write(Info).Written;
}
