using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>A difference between what clients see and what the remote has (rule P2).</summary>
/// <param name="Bucket">The client's bucket.</param>
/// <param name="Key">The client's key; null if the whole bucket was deleted here.</param>
/// <param name="Kind">What was done here.</param>
/// <param name="Upstream">Whether the remote has changed since.</param>
public sealed record Change(string Bucket, string? Key, ChangeKind Kind, UpstreamState Upstream)
{
    /// <summary>The change in the local layer; null for a deleted bucket. Its stamp makes a revert conditional.</summary>
    public LocalChange? Local { get; init; }

    /// <summary>The remote's object now; null if it has none. From a listing, unless its metadata had to be compared.</summary>
    public ObjectInfo? Remote { get; init; }

    /// <summary>Where the key continues below; null for a deleted bucket.</summary>
    public RemoteBucket? Place { get; init; }
}

/// <summary>What was done to a key here.</summary>
public enum ChangeKind
{
    /// <summary>A: written, and the remote has no such key, or had none when it was written.</summary>
    Added,

    /// <summary>M: written over the remote's object.</summary>
    Overwritten,

    /// <summary>T: the same bytes with other metadata or tags.</summary>
    MetadataOnly,

    /// <summary>=: written, and the same as the remote's object.</summary>
    Same,

    /// <summary>D: deleted.</summary>
    Deleted,
}

/// <summary>Whether the remote's object has changed since a key was first changed here.</summary>
public enum UpstreamState
{
    /// <summary>It is as it was.</summary>
    Unchanged,

    /// <summary>!: it changed, appeared or vanished, or may have.</summary>
    Changed,

    /// <summary>?: that cannot be known.</summary>
    Unknown,
}
