using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>The remote's verdict on a cached version.</summary>
/// <param name="Result">The verdict.</param>
/// <param name="Info">
/// For the same version: its headers, if they differ from the entry's. For a changed object: the new version's. Else null.
/// </param>
/// <param name="Failure">Why the remote did not deliver the object.</param>
internal sealed record RevalidationOutcome(RevalidationResult Result, ObjectInfo? Info = null, RemoteException? Failure = null);

internal enum RevalidationResult
{
    /// <summary>The version is current: the entry is renewed.</summary>
    Same,

    /// <summary>The object has another version: the entry was evicted.</summary>
    Changed,

    /// <summary>The object no longer exists: the entry was evicted.</summary>
    Gone,

    /// <summary>No verdict: no response, or a refusal. The entry was kept.</summary>
    Unknown,
}
