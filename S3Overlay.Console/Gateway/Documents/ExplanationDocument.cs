namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>What <c>GET explain</c> returns of a key. docs/administration.md says what each field means.</summary>
public sealed record ExplanationDocument(
    string Bucket, string Key, bool? Visible, string? Layer, string Reason, string Why, WrittenDocument? Written,
    TombstoneDocument? Tombstone, HeldDocument? Held, IReadOnlyList<long[]> Coming, PinnedBy? Pin, RemoteKeyDocument? Remote);

/// <summary>The object that was written here.</summary>
public sealed record WrittenDocument(long Size, string ETag, DateTimeOffset LastModified, string? VersionId);

/// <summary>A delete, with its time if the store records it.</summary>
public sealed record TombstoneDocument(DateTimeOffset? Deleted);

/// <summary>The cache entry of a key.</summary>
public sealed record HeldDocument(
    string Form, long Bytes, long Size, string ETag, DateTimeOffset LastModified, long? ChunkSize, DateTimeOffset Validated, long Age,
    bool Used, bool Fresh, IReadOnlyList<long[]> Runs, bool? Current);

/// <summary>What pins a key: itself, or a prefix, which is empty for the whole bucket.</summary>
public sealed record PinnedBy(string? Key, string? Prefix);

/// <summary>What the remote has of a key.</summary>
public sealed record RemoteKeyDocument(
    string Endpoint, string Bucket, string? Key, string Found, long? Size, string? ETag, DateTimeOffset? LastModified, string? Problem)
{
    /// <summary>Where it is.</summary>
    public string Place => $"{Endpoint.TrimEnd('/')}/{Bucket}/{Key}";
}
