using System.Net;

namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Tells by their addresses alone whether two endpoints are one store. Names are not looked up: two that lead to one place are not known to.</summary>
internal static class SameStore
{
    private const string Aws = "amazonaws.com";

    /// <summary>Whether they are.</summary>
    /// <param name="one">An endpoint.</param>
    /// <param name="other">Another; null for AWS.</param>
    public static bool Is(Uri one, Uri? other) => other is null
        ? IsAws(one)
        : (IsAws(one) && IsAws(other)) || (one.Port == other.Port && HostOf(one) == HostOf(other));

    /// <summary>All regions are one store: a bucket has its name alone, and is found from each of them.</summary>
    private static bool IsAws(Uri endpoint) => HostOf(endpoint) is var host && host.StartsWith("s3", StringComparison.Ordinal) && host.EndsWith("." + Aws, StringComparison.Ordinal);

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
