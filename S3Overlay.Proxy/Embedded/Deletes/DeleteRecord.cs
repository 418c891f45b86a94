using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>One record of the delete log.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Sequence">Its number in the order of all writes and deletes.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="File">The file of the deleted object; all zero if there was none.</param>
/// <param name="Tags">The new tags, in a <see cref="DeleteKind.Tags"/> record.</param>
internal sealed record DeleteRecord(DeleteKind Kind, ulong Sequence, string Bucket, string Key, FileId File, string? Tags = null)
{
    public static DeleteRecord Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        return new DeleteRecord((DeleteKind)fields.Byte(), fields.Fixed(), fields.Text(), fields.Text(), fields.File(),
            fields.OptionalText());
    }

    public ReadOnlyMemory<byte> Write() =>
        new FieldWriter().Byte((byte)Kind).Fixed(Sequence).Text(Bucket).Text(Key).File(File).OptionalText(Tags).WrittenMemory;
}
