using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

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

    /// <summary>The remote's object as it was known when the upload began; null if nothing is known of it.</summary>
    public RemoteBase? Base { get; init; }

    /// <summary>The lock that the object gets; null for the bucket's default.</summary>
    public ObjectLock? Lock { get; init; }

    /// <summary>The upload's key; null if the object is not to be encrypted.</summary>
    public KeyEnvelope? Envelope { get; init; }

    /// <summary>
    /// The upload's key itself, if only the customer can open the envelope: the request that completes the upload need not bring the
    /// customer's key. It decrypts nothing.
    /// </summary>
    public byte[]? SealKey { get; init; }

    /// <summary>Owner and ACL of the object, as text; null if only the bucket's owner has rights.</summary>
    public string? Acl { get; init; }

    /// <summary>S3's name of the type; null without a checksum.</summary>
    public string? ChecksumType => Algorithm is null ? null : IsFullObject ? "FULL_OBJECT" : "COMPOSITE";

    public string StorageClass => Headers.FirstOrDefault(static header => header.Key == "x-amz-storage-class").Value ?? "STANDARD";

    public static UploadRecord Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        var upload = new UploadRecord
        {
            UploadId = fields.Text(),
            Bucket = fields.Text(),
            Key = fields.Text(),
            Initiated = DateTimeOffset.FromUnixTimeMilliseconds(fields.Number()),
            Tags = fields.OptionalText(),
            Algorithm = fields.Byte() is var number && number == 0xFF ? null : (ChecksumAlgorithm)number,
            IsFullObject = fields.Byte() == 1,
            Headers = fields.ReadHeaders(),
            Base = fields.ReadBase(),
            Lock = fields.IsAtEnd ? null : ObjectLock.Parse(fields.OptionalText()),
            Acl = fields.IsAtEnd ? null : fields.OptionalText(),
            Envelope = KeyEnvelope.ReadLast(ref fields),
        };
        return fields.IsAtEnd ? upload : upload with { SealKey = fields.Block().ToArray() };
    }

    public ReadOnlyMemory<byte> Write()
    {
        var fields = new FieldWriter().Text(UploadId).Text(Bucket).Text(Key).Number(Initiated.ToUnixTimeMilliseconds()).OptionalText(Tags)
            .Byte(Algorithm is { } algorithm ? (byte)algorithm : (byte)0xFF).Byte((byte)(IsFullObject ? 1 : 0)).Write(Headers)
            .WriteBase(Base).OptionalText(Lock?.ToText()).OptionalText(Acl);
        KeyEnvelope.WriteLast(fields, Envelope);
        return (SealKey is null ? fields : fields.Block(SealKey)).WrittenMemory;
    }
}

/// <summary>One part of an open upload, in the index.</summary>
/// <param name="Number">Its number, 1 to 10,000.</param>
/// <param name="File">Its file.</param>
/// <param name="Sequence">Its number in the order of all writes: of two files of one part number the higher is valid.</param>
/// <param name="Info">Size, ETag, date and checksums: its own, followed, if there is a type, by one that was added here.</param>
internal sealed record PartRow(int Number, FileId File, ulong Sequence, ObjectInfo Info)
{
    /// <summary>The checksum it was sent with, or the one the upload requires and that was computed here; else null.</summary>
    public BodyChecksum? Checksum => Info.Checksums.Count > (Info.ChecksumType is null ? 0 : 1) ? Info.Checksums[0] : null;

    /// <summary>Its checksum of an algorithm, shown to clients or not; null if there is none.</summary>
    public BodyChecksum? Find(ChecksumAlgorithm algorithm) =>
        Info.Checksums.Cast<BodyChecksum?>().FirstOrDefault(checksum => checksum!.Value.Algorithm == algorithm);

    public static PartRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        return new PartRow((int)fields.Number(), fields.File(), fields.Fixed(), fields.ReadInfo());
    }

    public ReadOnlySpan<byte> Write() => new FieldWriter().Number(Number).File(File).Fixed(Sequence).Write(Info).Written;
}

/// <summary>A recently completed upload, for the response to a repeated CompleteMultipartUpload (rule W6).</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="Completed">When.</param>
/// <param name="Parts">A fingerprint of the list of parts it was completed with.</param>
/// <param name="Info">The resulting object.</param>
/// <param name="VersionId">Its version's id; null for the version <c>null</c>.</param>
internal sealed record CompletedRow(
    string Bucket, string Key, DateTimeOffset Completed, string Parts, ObjectInfo Info, string? VersionId)
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    public static CompletedRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        return new CompletedRow(
            fields.Text(), fields.Text(), DateTimeOffset.FromUnixTimeMilliseconds(fields.Number()), fields.Text(), fields.ReadInfo(),
            fields.IsAtEnd ? null : fields.OptionalText());
    }

    public ReadOnlySpan<byte> Write() =>
        new FieldWriter().Text(Bucket).Text(Key).Number(Completed.ToUnixTimeMilliseconds()).Text(Parts).Write(Info)
            .OptionalText(VersionId).Written;
}
