using System.Net;


using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>
/// Compares two endpoints by address, without DNS lookups. All AWS endpoints of a partition are one store, because each finds the buckets
/// of all regions.
/// </summary>
internal static class SameStore
{
    /// <summary>Whether they are.</summary>
    /// <param name="one">An endpoint.</param>
    /// <param name="other">Another.</param>
    public static bool Is(Uri one, Uri other) =>
        AwsHosts.DomainOf(HostOf(one)) is { } domain ? AwsHosts.DomainOf(HostOf(other)) == domain : one.Port == other.Port
            && HostOf(one) == HostOf(other);

    /// <summary>The host, however it is written; one name for this machine.</summary>
    private static string HostOf(Uri endpoint)
    {
        var host = endpoint.IdnHost.TrimEnd('.').ToLowerInvariant();
        return endpoint.IsLoopback || host == "localhost" ? "localhost"
            : !IPAddress.TryParse(host, out var address) ? host
            : address.IsIPv4MappedToIPv6 ? HostOf(new UriBuilder(endpoint) { Host = address.MapToIPv4().ToString() }.Uri)
            : address.ToString();
    }
}
