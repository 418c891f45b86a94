using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>One page of a remote's listing.</summary>
/// <param name="Rows">Keys and common prefixes together, in UTF-8 byte order.</param>
/// <param name="NextToken">The token of the next page, or null after the last.</param>
public sealed record RemotePage(IReadOnlyList<ListingRow> Rows, string? NextToken);
