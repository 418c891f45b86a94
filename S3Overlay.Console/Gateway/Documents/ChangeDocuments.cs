namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>An item of <c>GET changes</c>. docs/changes.md says what each field means.</summary>
public sealed record ChangeDocument(
    string Bucket, string? Key, ChangeKind Kind, Upstream Upstream, DateTimeOffset? At, VersionDocument? Written, BaseDocument? Base,
    VersionDocument? Remote, string? Stamp);

/// <summary>What was done to a key.</summary>
public enum ChangeKind
{
    /// <summary>Written, and new.</summary>
    Added,

    /// <summary>Written over the remote's object.</summary>
    Overwritten,

    /// <summary>The same bytes with other metadata or tags.</summary>
    MetadataOnly,

    /// <summary>Written, and the same as the remote's object.</summary>
    Same,

    /// <summary>Deleted.</summary>
    Deleted,
}

/// <summary>Whether the remote has changed since.</summary>
public enum Upstream
{
    /// <summary>It is as it was.</summary>
    Unchanged,

    /// <summary>It changed, or may have.</summary>
    Changed,

    /// <summary>That cannot be known.</summary>
    Unknown,
}

/// <summary>A version of an object.</summary>
public sealed record VersionDocument(long Size, string ETag, DateTimeOffset? Modified);

/// <summary>What a change hides.</summary>
public sealed record BaseDocument(bool Absent, VersionDocument? Object, DateTimeOffset? UnknownSince);

/// <summary>What <c>GET diff</c> returns.</summary>
public sealed record DiffDocument(
    string Bucket, string Key, ChangeKind Kind, Upstream Upstream, SideDocument? Written, SideDocument? Remote);

/// <summary>One side of a changed key.</summary>
public sealed record SideDocument(
    VersionDocument Version, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Tags);

/// <summary>What <c>POST revert</c> did, or would do.</summary>
public sealed record RevertDocument(
    long Reverted, long Buckets, long Uploads, long Added, long Young, long WithVersions, long Locked, long Changed)
{
    /// <summary>Nothing.</summary>
    public static readonly RevertDocument None = new(0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Keys that were left.</summary>
    public long Left => Added + Young + WithVersions + Locked + Changed;

    /// <summary>The sum of two.</summary>
    public RevertDocument Plus(RevertDocument other) => new(
        Reverted + other.Reverted, Buckets + other.Buckets, Uploads + other.Uploads, Added + other.Added, Young + other.Young,
        WithVersions + other.WithVersions, Locked + other.Locked, Changed + other.Changed);
}
