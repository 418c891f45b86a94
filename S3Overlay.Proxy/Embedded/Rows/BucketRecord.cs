using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>What the store knows of a bucket name.</summary>
internal sealed record BucketRecord
{
    public required string Name { get; init; }

    /// <summary>False if the record is only a bucket tombstone.</summary>
    public required bool Exists { get; init; }

    /// <summary>True if the remote stays hidden (rule B4).</summary>
    public bool IsOpaque { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required string Region { get; init; }

    /// <summary>Tombstones numbered up to this were removed with the bucket.</summary>
    public ulong PurgedUpTo { get; init; }

    /// <summary>Whether writes keep what they replace.</summary>
    public Versioning Versioning { get; init; }

    /// <summary>The bucket's tags as a query string; null for none.</summary>
    public string? Tags { get; init; }

    public static BucketRecord Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        var name = fields.Text();
        var flags = fields.Byte();
        return new BucketRecord
        {
            Name = name,
            Exists = (flags & 1) != 0,
            IsOpaque = (flags & 2) != 0,
            Created = DateTimeOffset.FromUnixTimeMilliseconds(fields.Number()),
            Region = fields.Text(),
            PurgedUpTo = fields.Fixed(),
            Versioning = fields.IsAtEnd ? Versioning.Never : (Versioning)fields.Byte(),
            Tags = fields.IsAtEnd ? null : fields.OptionalText(),
        };
    }

    public ReadOnlyMemory<byte> Write() => new FieldWriter().Text(Name).Byte((byte)((Exists ? 1 : 0) | (IsOpaque ? 2 : 0)))
        .Number(Created.ToUnixTimeMilliseconds()).Text(Region).Fixed(PurgedUpTo)
        .Byte((byte)Versioning).OptionalText(Tags).WrittenMemory;
}

/// <summary>The versioning of a bucket. The numbers are on disk.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html</remarks>
internal enum Versioning : byte
{
    /// <summary>Each key has one version, <c>null</c>, which writes replace.</summary>
    Never = 0,

    /// <summary>Each write and delete adds a version with an id of its own.</summary>
    Enabled = 1,

    /// <summary>Writes and deletes replace the version <c>null</c>. Versions with an id stay.</summary>
    Suspended = 2,
}
