using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>The decision about an entry.</summary>
/// <param name="Use">How it may be used.</param>
/// <param name="Info">
/// The object as now known: the entry's, with headers the remote may have updated; the new version's if outdated.
/// </param>
/// <param name="Age">Time since the entry was last known to be current.</param>
internal readonly record struct FreshnessVerdict(EntryUsability Use, ObjectInfo Info, TimeSpan Age);

/// <summary>How an entry may be used.</summary>
internal enum EntryUsability
{
    /// <summary>Used: within its lifetime.</summary>
    Hit,

    /// <summary>Used: the remote just confirmed it.</summary>
    Revalidated,

    /// <summary>Used past its lifetime: the remote cannot be asked.</summary>
    Stale,

    /// <summary>Not used: the remote has another version.</summary>
    Outdated,
}
