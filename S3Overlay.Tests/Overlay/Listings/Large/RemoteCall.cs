namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>A page that a remote was asked for.</summary>
/// <param name="Prefix">What its keys start with.</param>
/// <param name="Delimiter">What rolls them up.</param>
/// <param name="MaxKeys">How many rows it may have.</param>
public sealed record RemoteCall(string Prefix, string Delimiter, int MaxKeys);
