using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>One line of the delete log.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Sequence">When, in the order of all writes and deletes.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="File">The file of the object that was there; all zero where there was none.</param>
/// <param name="Tags">The new tags, of a <see cref="DeleteKind.Tags"/> record.</param>
internal sealed record DeleteRecord(DeleteKind Kind, ulong Sequence, string Bucket, string Key, FileId File, string? Tags = null)
{
    /// <summary>Reads one.</summary>
    public static DeleteRecord Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        return new DeleteRecord((DeleteKind)fields.Byte(), fields.Fixed(), fields.Text(), fields.Text(), fields.File(),
            fields.OptionalText());
    }

    /// <summary>Writes it.</summary>
    public ReadOnlyMemory<byte> Write() =>
        new FieldWriter().Byte((byte)Kind).Fixed(Sequence).Text(Bucket).Text(Key).File(File).OptionalText(Tags).WrittenMemory;
}
