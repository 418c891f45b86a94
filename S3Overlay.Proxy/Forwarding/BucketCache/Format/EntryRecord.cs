using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>What the store keeps of a copy besides its bytes.</summary>
/// <param name="Name">Of which key it is, in the client's view.</param>
/// <param name="Identity">Of which remote object.</param>
/// <param name="Info">Of which version, with all that a HEAD shows.</param>
/// <param name="ValidatedAt">When it was last known to be the remote's current version.</param>
/// <param name="Fill">The id of the fill: its bytes are sealed with it, its chunks named by it.</param>
internal sealed record EntryRecord(ObjectName Name, EntryIdentity Identity, ObjectInfo Info, DateTimeOffset ValidatedAt, Guid Fill)
{
    /// <summary>What a listing compares.</summary>
    public CacheRow Row => new(Name.Key, Info.Size, Info.ETag, Info.LastModified);

    /// <summary>
    /// This record where it fits, else without the checksums if nothing else was learned since another was kept, and that fits: for
    /// checksums alone no bytes are given up. Null where neither does.
    /// </summary>
    /// <param name="stored">The record that is kept.</param>
    /// <param name="fits">Whether there is room for a record.</param>
    public EntryRecord? Fitting(EntryRecord stored, Func<EntryRecord, bool> fits) =>
        fits(this) ? this
        : Info.ButForChecksumsSince(stored.Info) is { } without && this with { Info = without } is var shorter && fits(shorter) ? shorter
        : null;

    /// <summary>
    /// This record with what another process has learned of the version since. Of one moment this one's is the news: what the store has may
    /// be from before something was learned that brings no later one, such as checksums.
    /// </summary>
    public EntryRecord With(EntryRecord theirs) => theirs.ValidatedAt > ValidatedAt
        ? this with { ValidatedAt = theirs.ValidatedAt, Info = (theirs.Info with { ETag = Info.ETag }).OrChecksumsOf(Info) }
        : this with { Info = Info.OrChecksumsOf(theirs.Info) };

    /// <summary>Whether another record is of the same version of the same object, cut alike.</summary>
    public bool IsSameVersion(EntryRecord other) =>
        Name == other.Name && Identity == other.Identity && Info.Size == other.Info.Size && Info.ETag == other.Info.ETag
            && Info.LastModified == other.Info.LastModified;

    /// <summary>Whether a row is of the same bytes, as far as it tells, whatever its date.</summary>
    public bool IsOfSameBytes(CacheRow row) => ETags.Same(row.ETag, Info.ETag) && row.Size == Info.Size;

    /// <summary>
    /// Whether another record's bytes can stand for this one's. Of one fill they are the same, though headers and date may have been
    /// learned anew meanwhile.
    /// </summary>
    public bool HasSameBytes(EntryRecord other) => Fill == other.Fill || IsSameVersion(other);
}
