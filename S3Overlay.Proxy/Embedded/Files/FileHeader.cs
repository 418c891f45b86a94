using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The header of an object, manifest or part file: enough to rebuild its index row.</summary>
internal sealed record FileHeader
{
    /// <summary>
    /// Bytes reserved for what is known only after the body was read: the checksum and its type, the base, the version's id and the lock.
    /// </summary>
    public const int LateFieldsRoom = 160 + RemoteBaseCodec.Room + 32 + ObjectLock.LongestText + 3;

    /// <summary>Bytes reserved in an encrypted file for what is known only then.</summary>
    public const int EncryptionRoom = KeyEnvelope.Room;

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    /// <summary>The number in the order of all writes and deletes: of two files of one key, the higher one is valid.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Size, ETag, date, headers, checksums; for a part, the part's own.</summary>
    public required ObjectInfo Info { get; init; }

    /// <summary>The tags as a query string, as received.</summary>
    public string? Tags { get; init; }

    /// <summary>The upload that a part belongs to, or that created a manifest.</summary>
    public string? UploadId { get; init; }

    /// <summary>
    /// In a manifest: a fingerprint of the list of parts in the complete request, which identifies a repeated completion.
    /// </summary>
    public string? PartsFingerprint { get; init; }

    public int PartNumber { get; init; }

    /// <summary>The parts of a manifest, in order.</summary>
    public IReadOnlyList<StoredPart> Parts { get; init; } = [];

    /// <summary>The remote's object that this one hides; null if nothing is known of it, and in buckets without a remote.</summary>
    public RemoteBase? Base { get; init; }

    /// <summary>True if the base counts even where an earlier change of the key recorded another. Not stored.</summary>
    public bool RestoresBase { get; init; }

    /// <summary>The version's id; null for the version <c>null</c>.</summary>
    public string? VersionId { get; init; }

    /// <summary>What keeps the version from being deleted, as it was when it was written; null for nothing.</summary>
    public ObjectLock? Lock { get; init; }

    /// <summary>The key of the file's data, or of the upload that made a manifest; null if it is not encrypted.</summary>
    public KeyEnvelope? Envelope { get; init; }

    /// <summary>In the manifest of an encrypted object: proves that the list of parts is the completed one.</summary>
    public byte[]? Seal { get; init; }

    /// <summary>Owner and ACL when the object was written, as text; null if only the bucket's owner has rights.</summary>
    public string? Acl { get; init; }

    /// <summary>Parses a header.</summary>
    /// <exception cref="InvalidDataException">Not a header.</exception>
    public static FileHeader Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        var header = new FileHeader
        {
            Sequence = fields.Fixed(),
            Bucket = fields.Text(),
            Key = fields.Text(),
            Info = fields.ReadInfo(),
            Tags = fields.OptionalText(),
            UploadId = fields.OptionalText(),
            PartsFingerprint = fields.OptionalText(),
            PartNumber = (int)fields.Number(),
            Parts = ReadParts(ref fields),
            Base = fields.ReadBase(),
            VersionId = fields.IsAtEnd ? null : fields.OptionalText(),
            Lock = fields.IsAtEnd ? null : ObjectLock.Parse(fields.OptionalText()),
            Acl = fields.IsAtEnd ? null : fields.OptionalText(),
            Envelope = KeyEnvelope.ReadLast(ref fields),
        };
        return fields.IsAtEnd ? header : header with { Seal = fields.Block().ToArray() };
    }

    /// <summary>Reads the header of a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static FileHeader ReadFrom(string path)
    {
        using var file = RecordFile.Open(path);
        return Read(RecordFile.ReadHeader(file).Header);
    }

    private static StoredPart[] ReadParts(ref FieldReader fields)
    {
        var parts = new StoredPart[fields.Count()];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = new StoredPart(
                fields.File(), (int)fields.Number(), fields.Number(), fields.Byte() == 0 ? null : fields.ReadChecksum());
        }

        return parts;
    }

    public FieldWriter Write()
    {
        var fields = new FieldWriter().Fixed(Sequence).Text(Bucket).Text(Key).Write(Info)
            .OptionalText(Tags).OptionalText(UploadId).OptionalText(PartsFingerprint).Number(PartNumber).Number(Parts.Count);
        foreach (var part in Parts)
        {
            fields.File(part.File).Number(part.Number).Number(part.Size);
            if (part.Checksum is { } checksum)
            {
                fields.Byte(1).Write(checksum);
            }
            else
            {
                fields.Byte(0);
            }
        }

        KeyEnvelope.WriteLast(
            fields.WriteBase(Base).OptionalText(VersionId).OptionalText(Lock?.ToText()).OptionalText(Acl), Envelope);
        return Seal is null ? fields : fields.Block(Seal);
    }
}

/// <summary>One part of a completed upload.</summary>
/// <param name="File">Its file.</param>
/// <param name="Number">Its number, 1 to 10,000.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Checksum">Its additional checksum, if the client sent one.</param>
internal readonly record struct StoredPart(FileId File, int Number, long Size, BodyChecksum? Checksum);
