using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>What the remote said of a version that is held.</summary>
/// <param name="Result">In a word.</param>
/// <param name="Info">
/// Of the same version: its headers, where they are not those of the copy; else null. Of a changed object: the new version's.
/// </param>
/// <param name="Failure">What it said or did where it did not give the object.</param>
internal sealed record RevalidationOutcome(RevalidationResult Result, ObjectInfo? Info = null, RemoteException? Failure = null);
