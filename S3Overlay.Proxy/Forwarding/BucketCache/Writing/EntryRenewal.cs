using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

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
