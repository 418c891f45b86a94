namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Where a request goes, in the pieces that signing needs.</summary>
/// <param name="Uri">The address.</param>
/// <param name="Host">The Host header.</param>
/// <param name="RawPath">The path as sent.</param>
/// <param name="RawQuery">The query as sent, without its question mark.</param>
internal sealed record EndpointTarget(Uri Uri, string Host, string RawPath, string RawQuery);
