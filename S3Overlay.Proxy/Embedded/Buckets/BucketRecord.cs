using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>What the store knows of a bucket's name.</summary>
internal sealed record BucketRecord
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether there is a bucket here. False for the mark alone.</summary>
    public required bool Exists { get; init; }

    /// <summary>Whether the remote stays hidden under it (rule B4).</summary>
    public bool IsOpaque { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its region.</summary>
    public required string Region { get; init; }

    /// <summary>Tombstones up to this place in the order went with the bucket when it was deleted.</summary>
    public ulong PurgedUpTo { get; init; }

    /// <summary>Reads one.</summary>
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

    /// <summary>Writes it.</summary>
    public ReadOnlyMemory<byte> Write() => new FieldWriter().Text(Name).Byte((byte)((Exists ? 1 : 0) | (IsOpaque ? 2 : 0)))
        .Number(Created.ToUnixTimeMilliseconds()).Text(Region).Fixed(PurgedUpTo).WrittenMemory;
}
