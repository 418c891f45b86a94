using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>What was learned of a version that is held.</summary>
/// <param name="Name">Of which key.</param>
/// <param name="ETag">Of which version.</param>
/// <param name="ValidatedAt">When it was the remote's current version.</param>
/// <param name="Info">What the remote said of it then, its bytes apart; null where that is what the copy says.</param>
internal sealed record EntryRenewal(ObjectName Name, string ETag, DateTimeOffset ValidatedAt, ObjectInfo? Info)
{
    /// <summary>
    /// A record with what was learned; as it is where it is of another version, or of a later moment. Checksums of the version that either
    /// knows stay known in any case: that they were not told later on does not say that they are others.
    /// </summary>
    public EntryRecord Apply(EntryRecord record) =>
        record.Info.ETag != ETag ? record
        : record.ValidatedAt > ValidatedAt ? record with { Info = Info is null ? record.Info : record.Info.OrChecksumsOf(Info) }
        : record with { ValidatedAt = ValidatedAt, Info = Info is null ? record.Info
            : (Info with { ETag = record.Info.ETag }).OrChecksumsOf(record.Info) };
}
