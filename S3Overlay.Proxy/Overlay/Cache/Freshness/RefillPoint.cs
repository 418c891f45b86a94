namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>Where an object stood at a moment.</summary>
/// <param name="Generation">How often its key was written or deleted here.</param>
/// <param name="Openings">How often it was opened at the remote.</param>
internal readonly record struct RefillPoint(long Generation, long Openings);
