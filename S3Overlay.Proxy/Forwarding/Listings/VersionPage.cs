using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>One page of an endpoint's listing of versions.</summary>
/// <param name="Rows">Versions, delete markers and common prefixes, in UTF-8 byte order of their names, those of a key the newest
/// first.</param>
/// <param name="NextMarker">The name of the row to go on after, as the endpoint says; null after the last page.</param>
internal sealed record VersionPage(IReadOnlyList<VersionRow> Rows, string? NextMarker);
