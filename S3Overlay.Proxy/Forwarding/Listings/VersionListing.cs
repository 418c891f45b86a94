namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>A request for one page of a bucket's versions.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">Only keys that start with this; empty for all.</param>
/// <param name="Delimiter">What keys are rolled up by; empty for none.</param>
/// <param name="KeyMarker">The row to go on after; empty for the start.</param>
/// <param name="VersionIdMarker">The version of that key to go on after; empty for the last of them.</param>
/// <param name="MaxKeys">How many rows a page may have.</param>
internal sealed record VersionListing(string Bucket, string Prefix, string Delimiter, string KeyMarker, string VersionIdMarker, int MaxKeys)
{
    /// <summary>Whether rows are to tell how far archived objects are restored.</summary>
    public bool WithRestoreStatus { get; init; }
}
