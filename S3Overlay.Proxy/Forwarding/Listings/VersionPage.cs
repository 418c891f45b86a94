using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>One page of a version listing.</summary>
/// <param name="Rows">
/// Versions, delete markers and common prefixes in UTF-8 byte order of their names, the newest version of a key first.
/// </param>
/// <param name="NextMarker">The marker of the next page; null after the last.</param>
internal sealed record VersionPage(IReadOnlyList<VersionRow> Rows, string? NextMarker);
