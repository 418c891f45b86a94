using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// One change of the store. Changes are written to the log before the database follows, and made again from it after a crash: applying one
/// twice has the effect of applying it once.
/// </summary>
internal sealed record Change
{
    public required ChangeKind Kind { get; init; }

    public string Bucket { get; init; } = "";

    public string Key { get; init; } = "";

    /// <summary>The upload's id, in changes of uploads.</summary>
    public string UploadId { get; init; } = "";

    /// <summary>The number in the order of all writes and deletes.</summary>
    public ulong Sequence { get; init; }

    /// <summary>The file of the tagged or removed object.</summary>
    public FileId File { get; init; }

    /// <summary>True if the removed version was <c>null</c>: older files of it do not count either.</summary>
    public bool IsNull { get; init; }

    /// <summary>The new tags; null for none.</summary>
    public string? Tags { get; init; }

    /// <summary>The new lock; null for none.</summary>
    public ObjectLock? Lock { get; init; }

    /// <summary>Owner and ACL, in changes of these.</summary>
    public string? Acl { get; init; }

    public ObjectRow? Object { get; init; }

    public TombstoneRow? Tombstone { get; init; }

    /// <summary>The bucket's record; null removes it.</summary>
    public BucketRecord? Record { get; init; }

    public UploadRecord? Upload { get; init; }

    public PartRow? Part { get; init; }

    /// <summary>The completed upload; null removes it.</summary>
    public CompletedRow? Completed { get; init; }

    /// <summary>An object was written. The file that it replaces is to be removed.</summary>
    public static Change OfObject(string bucket, string key, ObjectRow row) =>
        new() { Kind = ChangeKind.Object, Bucket = bucket, Key = key, Object = row };

    /// <summary>A key was deleted: files with a lower number do not count any more, and are to be removed.</summary>
    public static Change OfDelete(string bucket, string key, ulong sequence) =>
        new() { Kind = ChangeKind.Delete, Bucket = bucket, Key = key, Sequence = sequence };

    /// <summary>A version or delete marker was added, in a bucket that has or had versioning.</summary>
    public static Change OfVersion(string bucket, string key, ObjectRow row) =>
        new() { Kind = ChangeKind.Version, Bucket = bucket, Key = key, Object = row };

    /// <summary>A version or delete marker was removed. Its file is to be removed.</summary>
    public static Change OfVersionRemoval(string bucket, string key, ObjectRow row) =>
        new()
        {
            Kind = ChangeKind.VersionRemoval,
            Bucket = bucket,
            Key = key,
            Sequence = row.Sequence,
            File = row.File,
            IsNull = row.VersionId is null,
        };

    /// <summary>An object's tags changed; its file still has the old ones.</summary>
    public static Change OfTags(string bucket, string key, FileId file, string? tags) =>
        new() { Kind = ChangeKind.Tags, Bucket = bucket, Key = key, File = file, Tags = tags };

    /// <summary>The lock of an object or version changed; its file still has the old one.</summary>
    public static Change OfLock(string bucket, string key, FileId file, ObjectLock? changed) =>
        new() { Kind = ChangeKind.Lock, Bucket = bucket, Key = key, File = file, Lock = changed };

    /// <summary>An object's owner or ACL changed; its file still has the old ones.</summary>
    public static Change OfAcl(string bucket, string key, FileId file, string? acl) =>
        new() { Kind = ChangeKind.Acl, Bucket = bucket, Key = key, File = file, Acl = acl };

    /// <summary>The remote's object is hidden (rule D1), and files with a lower number do not count any more.</summary>
    public static Change OfTombstone(string bucket, string key, TombstoneRow row) =>
        new() { Kind = ChangeKind.Tombstone, Bucket = bucket, Key = key, Sequence = row.Sequence, Tombstone = row };

    /// <summary>The tombstone with this number was removed.</summary>
    public static Change OfUndelete(string bucket, string key, ulong sequence) =>
        new() { Kind = ChangeKind.Undelete, Bucket = bucket, Key = key, Sequence = sequence };

    /// <summary>A bucket's record changed; null removes it.</summary>
    public static Change OfBucket(string bucket, BucketRecord? record) =>
        new() { Kind = ChangeKind.Bucket, Bucket = bucket, Record = record };

    /// <summary>A multipart upload began.</summary>
    public static Change OfUpload(UploadRecord upload) => new() { Kind = ChangeKind.Upload, UploadId = upload.UploadId, Upload = upload };

    /// <summary>A part arrived. The file that it replaces is to be removed.</summary>
    public static Change OfPart(string uploadId, PartRow part) => new() { Kind = ChangeKind.Part, UploadId = uploadId, Part = part };

    /// <summary>An upload was aborted or completed: its parts' rows go.</summary>
    public static Change OfUploadEnd(string uploadId) => new() { Kind = ChangeKind.UploadEnd, UploadId = uploadId };

    /// <summary>An upload was completed; null forgets it.</summary>
    public static Change OfCompleted(string uploadId, CompletedRow? completed) =>
        new() { Kind = ChangeKind.Completed, UploadId = uploadId, Completed = completed };

    /// <summary>A part's file belongs to nothing any more and is to be removed.</summary>
    public static Change OfRemoval(FileId file) => new() { Kind = ChangeKind.Removal, File = file };

    /// <summary>Everything in the log before this is replaced by what follows. Numbers up to this one are given out.</summary>
    public static Change OfReplacement(ulong sequence) => new() { Kind = ChangeKind.Replacement, Sequence = sequence };

    /// <summary>Changes of one commit as a record of the log.</summary>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<Change> changes)
    {
        var fields = new FieldWriter().Number(changes.Count);
        foreach (var change in changes)
        {
            change.Write(fields);
        }

        return fields.WrittenMemory;
    }

    /// <summary>The changes in a record.</summary>
    /// <exception cref="InvalidDataException">It is not a record of this version.</exception>
    public static Change[] Read(ReadOnlySpan<byte> record)
    {
        var fields = new FieldReader(record);
        var changes = new Change[fields.Count()];
        for (var i = 0; i < changes.Length; i++)
        {
            changes[i] = Read(ref fields);
        }

        return changes;
    }

    private void Write(FieldWriter fields)
    {
        fields.Byte((byte)Kind);
        _ = Kind switch
        {
            ChangeKind.Object or ChangeKind.Version => fields.Text(Bucket).Text(Key).Block(Object!.Write()),
            ChangeKind.Delete or ChangeKind.Undelete => fields.Text(Bucket).Text(Key).Fixed(Sequence),
            ChangeKind.VersionRemoval => fields.Text(Bucket).Text(Key).Fixed(Sequence).File(File).Byte((byte)(IsNull ? 1 : 0)),
            ChangeKind.Tombstone => fields.Text(Bucket).Text(Key).Block(Tombstone!.Write()),
            ChangeKind.Lock => fields.Text(Bucket).Text(Key).File(File).OptionalText(Lock?.ToText()),
            ChangeKind.Tags => fields.Text(Bucket).Text(Key).File(File).OptionalText(Tags),
            ChangeKind.Acl => fields.Text(Bucket).Text(Key).File(File).OptionalText(Acl),
            ChangeKind.Bucket => fields.Text(Bucket).Block(Record is null ? default : Record.Write().Span),
            ChangeKind.Upload => fields.Block(Upload!.Write().Span),
            ChangeKind.Part => fields.Text(UploadId).Block(Part!.Write()),
            ChangeKind.UploadEnd => fields.Text(UploadId),
            ChangeKind.Completed => fields.Text(UploadId).Block(Completed is null ? default : Completed.Write()),
            ChangeKind.Removal => fields.File(File),
            ChangeKind.Replacement => fields.Fixed(Sequence),
            _ => throw new InvalidOperationException(Kind.ToString()),
        };
    }

    private static Change Read(ref FieldReader fields)
    {
        var kind = (ChangeKind)fields.Byte();
        switch (kind)
        {
            case ChangeKind.Object:
                return OfObject(fields.Text(), fields.Text(), ObjectRow.Read(fields.Block()));
            case ChangeKind.Version:
                return OfVersion(fields.Text(), fields.Text(), ObjectRow.Read(fields.Block()));
            case ChangeKind.VersionRemoval:
                return new()
                {
                    Kind = kind,
                    Bucket = fields.Text(),
                    Key = fields.Text(),
                    Sequence = fields.Fixed(),
                    File = fields.File(),
                    IsNull = fields.Byte() != 0,
                };
            case ChangeKind.Delete or ChangeKind.Undelete:
                return new() { Kind = kind, Bucket = fields.Text(), Key = fields.Text(), Sequence = fields.Fixed() };
            case ChangeKind.OldTombstone:
                return OfTombstone(fields.Text(), fields.Text(), new TombstoneRow(fields.Fixed(), null, null));
            case ChangeKind.Tombstone:
                return OfTombstone(fields.Text(), fields.Text(), TombstoneRow.Read(fields.Block()));
            case ChangeKind.Tags:
                return OfTags(fields.Text(), fields.Text(), fields.File(), fields.OptionalText());
            case ChangeKind.Lock:
                return OfLock(fields.Text(), fields.Text(), fields.File(), ObjectLock.Parse(fields.OptionalText()));
            case ChangeKind.Acl:
                return OfAcl(fields.Text(), fields.Text(), fields.File(), fields.OptionalText());
            case ChangeKind.Bucket:
                return OfBucket(fields.Text(), fields.Block() is { Length: > 0 } record ? BucketRecord.Read(record) : null);
            case ChangeKind.Upload:
                return OfUpload(UploadRecord.Read(fields.Block()));
            case ChangeKind.Part:
                return OfPart(fields.Text(), PartRow.Read(fields.Block()));
            case ChangeKind.UploadEnd:
                return OfUploadEnd(fields.Text());
            case ChangeKind.Completed:
                return OfCompleted(fields.Text(), fields.Block() is { Length: > 0 } row ? CompletedRow.Read(row) : null);
            case ChangeKind.Removal:
                return OfRemoval(fields.File());
            case ChangeKind.Replacement:
                return OfReplacement(fields.Fixed());
            default:
                throw new InvalidDataException($"A change of kind {(byte)kind} is unknown.");
        }
    }
}

/// <summary>Kinds of changes. The numbers are on disk.</summary>
internal enum ChangeKind : byte
{
    Object = 1,
    Delete = 2,
    Tags = 3,

    /// <summary>A tombstone without time and base: only read.</summary>
    OldTombstone = 4,
    Undelete = 5,
    Bucket = 6,
    Upload = 7,
    Part = 8,
    UploadEnd = 9,
    Completed = 10,
    Removal = 11,
    Replacement = 12,
    Tombstone = 13,
    Version = 14,
    VersionRemoval = 15,
    Lock = 20,

    /// <summary>Owner and ACL of an object.</summary>
    Acl = 25,
}
