using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>A request for one page of a bucket's versions.</summary>
/// <param name="Prefix">Only keys with this prefix; empty for all.</param>
/// <param name="Delimiter">The delimiter; empty for none.</param>
/// <param name="KeyMarker">The key to continue after; empty for the start.</param>
/// <param name="VersionIdMarker">The version of that key to continue after; empty for the last.</param>
/// <param name="MaxKeys">The most rows of a page.</param>
internal sealed record VersionListing(string Bucket, string Prefix, string Delimiter, string KeyMarker, string VersionIdMarker, int MaxKeys)
{
    /// <summary>Whether rows include the restore status of archived objects.</summary>
    public bool WithRestoreStatus { get; init; }
}

/// <summary>One page of a version listing.</summary>
/// <param name="Rows">
/// Versions, delete markers and common prefixes in UTF-8 byte order of their names, the newest version of a key first.
/// </param>
/// <param name="NextMarker">The marker of the next page; null after the last.</param>
internal sealed record VersionPage(IReadOnlyList<VersionRow> Rows, string? NextMarker);
