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

/// <summary>Kinds of records in the delete log. The numbers are on disk.</summary>
internal enum DeleteKind : byte
{
    /// <summary>An object was deleted: older files of that key no longer count, should one reappear.</summary>
    Grave = 1,

    /// <summary>The key was deleted in an overlaid bucket: hides the remote's object (rule D1), and older files no longer count.</summary>
    Tombstone = 2,

    /// <summary>An object's tags changed; its file still has the old ones.</summary>
    Tags = 3,

    /// <summary>
    /// An administrator undeleted a key. Has the tombstone's own number: a version that does not know this kind reads it as one more grave
    /// of that number, which is true.
    /// </summary>
    Discard = 4,

    /// <summary>
    /// The first record of a segment that replaces the segments before it, with everything of them that still counts. A version that does
    /// not know this kind reads it as the grave of a key without a name.
    /// </summary>
    Replaces = 5,
}
