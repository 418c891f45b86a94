using System.Text.Json.Serialization;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Explaining;

/// <summary>A bucket's state, with reasons.</summary>
/// <param name="State">What the local layer knows of it.</param>
/// <param name="IsMapped">True if the settings map it by name.</param>
/// <param name="Remote">Where the bucket as a whole continues below, hidden or not; null without a remote, or if only some prefixes have
/// one.</param>
internal sealed record BucketReport(BucketState State, bool IsMapped, RemoteReport? Remote)
{
    /// <summary>Where keys under some prefixes continue instead, in the order of the prefixes (rule M2).</summary>
    public IReadOnlyList<RemoteReport> Parts { get; init; } = [];

    /// <summary>True if clients see the bucket (rule B1); null if the remote did not say.</summary>
    public bool? IsVisible =>
        State.Exists ? true
        : State.IsOpaque ? false
        : IsMapped ? true
        : Remote is null ? false
        : Remote.Finding switch
        {
            RemoteFinding.Found => true,
            RemoteFinding.Absent => false,
            _ => null,
        };
}

/// <summary>What clients see of a key, and why.</summary>
/// <param name="Reason">What decides.</param>
internal sealed record KeyReport(KeyReason Reason)
{
    /// <summary>True if clients see the key; null if the remote did not say.</summary>
    public bool? IsVisible => Reason switch
    {
        KeyReason.Written or KeyReason.Cached or KeyReason.PartlyCached or KeyReason.Remote => true,
        KeyReason.Unknown => null,
        _ => false,
    };

    /// <summary>The layer that serves a read of the whole object, as in <c>x-s3overlay-layer</c> (rule T4); null for none.</summary>
    public string? Layer => Reason switch
    {
        KeyReason.Written or KeyReason.Deleted or KeyReason.BucketDeleted => "local",
        KeyReason.Cached => "cache",
        KeyReason.PartlyCached or KeyReason.Remote => "remote",
        _ => null,
    };

    /// <summary>The written object; null for none.</summary>
    public LocalObject? Written { get; init; }

    /// <summary>The key's tombstone, outranked or not; null for none.</summary>
    public Tombstone? Tombstone { get; init; }

    /// <summary>What is cached; null for nothing.</summary>
    public CacheReport? Cached { get; init; }

    /// <summary>What the remote has; null if the key has no remote.</summary>
    public RemoteReport? Remote { get; init; }

    /// <summary>The bytes that running fills bring, in order.</summary>
    public IReadOnlyList<ByteRange> OnTheirWay { get; init; } = [];

    /// <summary>The pin of the key, or of a prefix of it; null for none.</summary>
    public CachePin? Pin { get; init; }
}

/// <summary>Why clients see what they see of a key.</summary>
internal enum KeyReason
{
    /// <summary>Written here, which outranks everything.</summary>
    Written,

    /// <summary>Deleted here.</summary>
    Deleted,

    /// <summary>Its bucket was deleted here, which hides all remote objects in it.</summary>
    BucketDeleted,

    /// <summary>The remote's, and cached whole.</summary>
    [JsonStringEnumMemberName("held")]
    Cached,

    /// <summary>The remote's, and cached in part.</summary>
    [JsonStringEnumMemberName("partly-held")]
    PartlyCached,

    /// <summary>The remote's, and not cached.</summary>
    Remote,

    /// <summary>Neither layer has it.</summary>
    Absent,

    /// <summary>The remote decides, and was not asked or did not say.</summary>
    Unknown,
}

/// <summary>What is cached of a key.</summary>
/// <param name="Info">The remote version that the entry holds.</param>
/// <param name="Bytes">Cached bytes.</param>
/// <param name="ChunkSize">Chunk size in bytes; 0 for an entry that is filled whole.</param>
/// <param name="Validated">When the entry was last known to be current.</param>
/// <param name="Age">Time since then.</param>
/// <param name="IsUsable">True if reads use it. False if it belongs to another remote than the settings name now, or has another chunk
/// size; the next read evicts it then.</param>
/// <param name="IsFresh">True if reads use it without asking the remote first (rule S1).</param>
internal sealed record CacheReport(ObjectInfo Info, long Bytes, long ChunkSize, DateTimeOffset Validated, TimeSpan Age, bool IsUsable,
    bool IsFresh)
{
    /// <summary>The gapless ranges of cached bytes, in order: at most the first <see cref="EntryDetail.MostRuns"/>.</summary>
    public IReadOnlyList<ByteRange> Runs { get; init; } = [];

    /// <summary>True if the whole object is cached.</summary>
    public bool IsWhole => Bytes == Info.Size;

    /// <summary>True if the entry is of this version.</summary>
    public bool IsOf(ObjectInfo version) => Info.Size == version.Size && ETags.Same(Info.ETag, version.ETag);
}

/// <summary>What the remote has below a bucket or key.</summary>
/// <param name="Bucket">Where the bucket continues below.</param>
/// <param name="Key">The key there; null for the bucket itself.</param>
/// <param name="Finding">The result.</param>
internal sealed record RemoteReport(RemoteBucket Bucket, string? Key, RemoteFinding Finding)
{
    /// <summary>The object there; null for a bucket, or if none was found.</summary>
    public ObjectInfo? Info { get; init; }

    /// <summary>Why the remote could not be used; null if it could.</summary>
    public string? Problem { get; init; }
}

/// <summary>Result of asking the remote.</summary>
internal enum RemoteFinding
{
    /// <summary>Not asked.</summary>
    NotAsked,

    /// <summary>Found.</summary>
    [JsonStringEnumMemberName("yes")]
    Found,

    /// <summary>Not there.</summary>
    [JsonStringEnumMemberName("no")]
    Absent,

    /// <summary>Access was refused.</summary>
    Refused,

    /// <summary>The remote did not respond, or failed.</summary>
    Failed,
}
