using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>What a GET or HEAD sends, decided before anything is written.</summary>
/// <param name="Source">Where it comes from; null until this is known.</param>
/// <param name="Age">Time since a cached entry was last known to be current.</param>
/// <param name="Info">The version.</param>
/// <param name="Reply">Status and bytes.</param>
internal readonly record struct ReadPlan(ReadSource? Source, TimeSpan Age, ObjectInfo Info, ObjectReply Reply);

/// <summary>Where a response comes from (rule T4).</summary>
internal enum ReadSource
{
    /// <summary>A fresh entry: HIT.</summary>
    Hit,

    /// <summary>An entry that the remote just confirmed: REVALIDATED.</summary>
    Revalidated,

    /// <summary>An entry past its lifetime: STALE.</summary>
    Stale,

    /// <summary>Nothing: the client accepts only cached objects. MISS of the cache.</summary>
    NotCached,

    /// <summary>A fill, started by this read or joined: MISS of the remote.</summary>
    Miss,

    /// <summary>The remote, without the cache: BYPASS.</summary>
    Bypass,
}

/// <summary>How a read ended.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Failure">What the remote did; null unless the outcome is <see cref="ReadOutcome.Failed"/>.</param>
internal readonly record struct ReadResult(ReadOutcome Outcome, RemoteException? Failure = null) : IRemoteOutcome
{
    public static readonly ReadResult Sent = new(ReadOutcome.Sent);

    public static readonly ReadResult VersionChanged = new(ReadOutcome.VersionChanged);
}

/// <summary>How a read ended.</summary>
internal enum ReadOutcome
{
    /// <summary>The response was sent.</summary>
    Sent,

    /// <summary>The key has a tombstone. Nothing was sent.</summary>
    Deleted,

    /// <summary>The remote is known not to have the key. Nothing was sent.</summary>
    NotFound,

    /// <summary>The client accepts only cached objects, and this is none. Nothing was sent.</summary>
    NotCached,

    /// <summary>The remote has another version: start again, or cut the response if it has begun (rule R7).</summary>
    VersionChanged,

    /// <summary>The remote failed.</summary>
    Failed,
}

/// <summary>The directives in a read's Cache-Control header that count here (rule S3, RFC 9111).</summary>
[Flags]
internal enum ReadDirectives
{
    /// <summary>The settings decide.</summary>
    None = 0,

    /// <summary><c>no-cache</c>: revalidate before use.</summary>
    Compare = 1,

    /// <summary><c>no-store</c>: read from the remote and store nothing.</summary>
    Bypass = 2,

    /// <summary><c>only-if-cached</c>: use the cache, and never ask the remote.</summary>
    OnlyCached = 4,
}
