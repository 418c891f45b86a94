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
        };
    }

    public ReadOnlyMemory<byte> Write() => new FieldWriter().Text(Name).Byte((byte)((Exists ? 1 : 0) | (IsOpaque ? 2 : 0)))
        .Number(Created.ToUnixTimeMilliseconds()).Text(Region).Fixed(PurgedUpTo).WrittenMemory;
}
