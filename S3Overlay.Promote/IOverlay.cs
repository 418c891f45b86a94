using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote;

/// <summary>The proxy whose changes are sent: what this assembly needs of it.</summary>
internal interface IOverlay
{
    /// <summary>An S3 client of the proxy, for the bytes and metadata of written objects.</summary>
    S3Wire Objects { get; }

    /// <summary>The changes of the target, compared with what the remote has now.</summary>
    IAsyncEnumerable<ChangedKey> ChangesAsync(CancellationToken cancellationToken);

    /// <summary>Undoes one change, so that the remote shows again.</summary>
    /// <param name="change">The change. A later one of the same key stays.</param>
    /// <param name="shows">The ETag that the remote must show; null for any object, or none.</param>
    Task<RevertAnswer> RevertAsync(ChangedKey change, string? shows, CancellationToken cancellationToken);
}

/// <summary>What a revert of one key did.</summary>
internal enum RevertAnswer
{
    /// <summary>The remote shows again.</summary>
    Reverted,

    /// <summary>The key, or the remote's object, has changed since.</summary>
    Changed,

    /// <summary>The key has several local versions.</summary>
    HasVersions,

    /// <summary>A version is locked.</summary>
    Locked,

    /// <summary>Another proxy may be deleting the key right now.</summary>
    Young,

    /// <summary>The remote does not show the key yet.</summary>
    NotShown,
}

/// <summary>A change of one key.</summary>
/// <param name="Bucket">The client's bucket.</param>
/// <param name="Key">The client's key; null if the whole bucket was deleted.</param>
/// <param name="Kind">What was done.</param>
/// <param name="Upstream">Whether the remote has changed since.</param>
internal sealed record ChangedKey(string Bucket, string? Key, ChangedKind Kind, UpstreamChange Upstream)
{
    /// <summary>Size of the written object; 0 for a delete.</summary>
    public long Size { get; init; }

    /// <summary>ETag of the written object; null for a delete.</summary>
    public string? ETag { get; init; }

    /// <summary>ETag of the remote's object; null if it has none.</summary>
    public string? RemoteETag { get; init; }

    /// <summary>Where the key continues; null for a bucket.</summary>
    public UpstreamPlace? Place { get; init; }

    /// <summary>Identifies this change among all of the key.</summary>
    public string? Stamp { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Key is null ? $"{Bucket}/" : $"{Bucket}/{Key}";
}

/// <summary>What was done to a key.</summary>
internal enum ChangedKind
{
    /// <summary>Written, and the remote has none.</summary>
    Added,

    /// <summary>Written over the remote's object.</summary>
    Overwritten,

    /// <summary>The same bytes with other metadata or tags.</summary>
    MetadataOnly,

    /// <summary>The same as the remote's object.</summary>
    Same,

    /// <summary>Deleted.</summary>
    Deleted,
}

/// <summary>Whether the remote's object has changed since a key was first changed here.</summary>
internal enum UpstreamChange
{
    /// <summary>It is as it was.</summary>
    Unchanged,

    /// <summary>It has changed.</summary>
    Changed,

    /// <summary>That cannot be known.</summary>
    Unknown,
}

/// <summary>A key's place at a remote.</summary>
/// <param name="Remote">The remote's name in the settings; empty for the one without a name.</param>
/// <param name="Endpoint">The URL from which the proxy reads.</param>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Key">The remote's key.</param>
internal sealed record UpstreamPlace(string Remote, string Endpoint, string Bucket, string Key);
