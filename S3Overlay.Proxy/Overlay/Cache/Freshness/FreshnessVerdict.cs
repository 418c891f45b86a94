using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>What became of the question whether a copy may be served.</summary>
/// <param name="Use">How it may be used.</param>
/// <param name="Info">What is known of the object now: the copy's, with headers that the remote may have changed since; of the remote's new
/// version where the copy is outdated.</param>
/// <param name="Age">How long ago the copy was last known to be current.</param>
internal readonly record struct FreshnessVerdict(EntryUsability Use, ObjectInfo Info, TimeSpan Age);
