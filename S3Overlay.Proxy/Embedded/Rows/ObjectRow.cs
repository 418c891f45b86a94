using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>A written object's index row: everything that HEAD and listings show, and where the bytes are.</summary>
internal sealed record ObjectRow
{
    private const byte Version = 1;

    /// <summary>The object's file or manifest.</summary>
    public required FileId File { get; init; }

    /// <summary>The number in the order of all writes and deletes.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Size, ETag, date, headers, checksums.</summary>
    public required ObjectInfo Info { get; init; }

    /// <summary>The tags as a query string, or null.</summary>
    public string? Tags { get; init; }

    /// <summary>Owner and ACL, as text; null if only the bucket's owner has rights.</summary>
    public string? Acl { get; init; }

    /// <summary>The memory that its headers, tags and ACL take, in bytes, at a guess.</summary>
    public int MetadataWeight =>
        2 * (Info.Headers.Sum(static header => header.Value.Length) + (Tags?.Length ?? 0) + (Acl?.Length ?? 0));

    /// <summary>Number of part files; 0 if the bytes are in the object's own file.</summary>
    public int PartCount { get; init; }

    /// <summary>The version's id; null for the version <c>null</c>.</summary>
    public string? VersionId { get; init; }

    /// <summary>What keeps the version from being deleted; null for nothing.</summary>
    public ObjectLock? Lock { get; init; }

    /// <summary>The key of the object's data, or of its upload; null if it is not encrypted.</summary>
    public KeyEnvelope? Envelope { get; init; }

    /// <summary>
    /// True if it was copied up from the remote, whose date it has. When that was, it does not say.
    /// </summary>
    public bool IsCopiedUp => Base is { IsAbsent: false, IsUnknown: false } known
        && known.Date == HttpDates.WholeSeconds(Info.LastModified) && ETags.Same(known.ETag, Info.ETag);

    /// <summary>True for a delete marker, which has no file.</summary>
    public bool IsMarker => PartCount < 0;

    /// <summary>The remote's object that this one hides; null if nothing is known of it.</summary>
    public RemoteBase? Base { get; init; }

    /// <summary>
    /// The base of a change over this one. The remote has been hidden since this was written, so <paramref name="known"/> does not count;
    /// null in a bucket without a remote.
    /// </summary>
    public RemoteBase? BaseOfNext(RemoteBase? known) =>
        Base ?? (known is null ? null : RemoteBase.UnknownSince(Info.LastModified));

    /// <summary>
    /// Identifies this object among later ones of the key: its number, and its tags, which can change while the number stays.
    /// </summary>
    public string Stamp => string.Create(CultureInfo.InvariantCulture,
        $"{Sequence}{(Tags is null ? "" : $".{Crc32C.Compute(Encoding.UTF8.GetBytes(Tags)):x8}")}");

    /// <summary>A delete marker.</summary>
    public static ObjectRow OfMarker(ulong sequence, string? versionId, DateTimeOffset at) => new()
    {
        File = default,
        Sequence = sequence,
        Info = new ObjectInfo { Size = 0, ETag = "", LastModified = at },
        PartCount = -1,
        VersionId = versionId,
    };

    public static ObjectRow Of(FileId file, FileHeader header) => new()
    {
        File = file,
        Sequence = header.Sequence,
        Info = header.Info,
        Tags = header.Tags,
        PartCount = header.Parts.Count,
        Base = header.Base,
        VersionId = header.VersionId,
        Lock = header.Lock,
        Envelope = header.Envelope,
        Acl = header.Acl,
    };

    public static ObjectRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        if (fields.Byte() != Version)
        {
            throw new InvalidDataException("A row is of another version.");
        }

        return new ObjectRow
        {
            File = fields.File(),
            Sequence = fields.Fixed(),
            PartCount = (int)fields.Number(),
            Tags = fields.OptionalText(),
            Info = fields.ReadInfo(),
            Base = fields.ReadBase(),
            VersionId = fields.IsAtEnd ? null : fields.OptionalText(),
            Lock = fields.IsAtEnd ? null : ObjectLock.Parse(fields.OptionalText()),
            Acl = fields.IsAtEnd ? null : fields.OptionalText(),
            Envelope = KeyEnvelope.ReadLast(ref fields),
        };
    }

    public ReadOnlySpan<byte> Write() => KeyEnvelope.WriteLast(
        new FieldWriter().Byte(Version).File(File).Fixed(Sequence).Number(PartCount).OptionalText(Tags).Write(Info).WriteBase(Base)
            .OptionalText(VersionId).OptionalText(Lock?.ToText()).OptionalText(Acl), Envelope).Written;
}
