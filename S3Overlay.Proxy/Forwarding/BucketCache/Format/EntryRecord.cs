using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>What the store keeps of an entry besides its bytes.</summary>
/// <param name="Name">Of which key it is, in the client's view.</param>
/// <param name="Identity">Of which remote object.</param>
/// <param name="Info">The version, with everything a HEAD shows.</param>
/// <param name="ValidatedAt">When it was last known to be the remote's current version.</param>
/// <param name="Fill">The fill's id, used in seals and chunk names.</param>
internal sealed record EntryRecord(ObjectName Name, EntryIdentity Identity, ObjectInfo Info, DateTimeOffset ValidatedAt, Guid Fill)
{
    /// <summary>What a listing compares.</summary>
    public CacheRow Row => new(Name.Key, Info.Size, Info.ETag, Info.LastModified);

    /// <summary>
    /// This record if it fits, else without checksums if nothing else is new and that fits: bytes are not given up for checksums alone.
    /// Null if neither fits.
    /// </summary>
    /// <param name="stored">The record that is kept.</param>
    /// <param name="fits">Whether there is room for a record.</param>
    public EntryRecord? Fitting(EntryRecord stored, Func<EntryRecord, bool> fits) =>
        fits(this) ? this
        : Info.ButForChecksumsSince(stored.Info) is { } without && this with { Info = without } is var shorter && fits(shorter) ? shorter
        : null;

    /// <summary>
    /// Merges what another process learned about the version. With equal times this record wins: the stored one may be from before
    /// something was learned that has no later time, such as checksums.
    /// </summary>
    public EntryRecord With(EntryRecord theirs) => theirs.ValidatedAt > ValidatedAt
        ? this with { ValidatedAt = theirs.ValidatedAt, Info = (theirs.Info with { ETag = Info.ETag }).OrChecksumsOf(Info) }
        : this with { Info = Info.OrChecksumsOf(theirs.Info) };

    /// <summary>True if another record is of the same version of the same object with the same chunk size.</summary>
    public bool IsSameVersion(EntryRecord other) =>
        Name == other.Name && Identity == other.Identity && Info.Size == other.Info.Size && Info.ETag == other.Info.ETag
            && Info.LastModified == other.Info.LastModified;

    /// <summary>True if a row shows the same bytes, whatever its date.</summary>
    public bool IsOfSameBytes(CacheRow row) => ETags.Same(row.ETag, Info.ETag) && row.Size == Info.Size;

    /// <summary>
    /// True if another record's bytes can replace this one's. Bytes of one fill are the same, though headers and date may have been
    /// renewed.
    /// </summary>
    public bool HasSameBytes(EntryRecord other) => Fill == other.Fill || IsSameVersion(other);
}

/// <summary>What was learned about a cached version.</summary>
/// <param name="Name">Of which key.</param>
/// <param name="ETag">Of which version.</param>
/// <param name="ValidatedAt">When it was known to be the remote's current version.</param>
/// <param name="Info">The remote's metadata at that time; null if it is unchanged.</param>
internal sealed record EntryRenewal(ObjectName Name, string ETag, DateTimeOffset ValidatedAt, ObjectInfo? Info)
{
    /// <summary>
    /// Applies this to a record of the same version, unless the record is newer. Checksums known to either stay known: that they were not
    /// sent later does not mean that they changed.
    /// </summary>
    public EntryRecord Apply(EntryRecord record) =>
        record.Info.ETag != ETag ? record
        : record.ValidatedAt > ValidatedAt ? record with { Info = Info is null ? record.Info : record.Info.OrChecksumsOf(Info) }
        : record with { ValidatedAt = ValidatedAt, Info = Info is null ? record.Info
            : (Info with { ETag = record.Info.ETag }).OrChecksumsOf(record.Info) };
}
