using System.Globalization;
using System.Net;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.WebConsole.Security;

/// <summary>
/// The console's own addresses. A foreign page can point a name of its own to this port (DNS rebinding), which a browser then
/// treats as the same origin; so only known names are answered.
/// </summary>
/// <param name="bound">Where its port listens.</param>
/// <param name="hosts">More names of this machine. <c>*.example.com</c> means all below <c>example.com</c>.</param>
internal sealed class ConsoleAddresses(IReadOnlyList<string> bound, IReadOnlyList<string> hosts)
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];

    private readonly BindingAddress[] _bound = [.. bound.Select(BindingAddress.Parse)];

    /// <summary>Whether browsers use TLS alone.</summary>
    public bool IsSecure => Array.TrueForAll(_bound, static address => address.Scheme == Uri.UriSchemeHttps);

    /// <summary>Where it listens, for people.</summary>
    public string Listed => string.Join(", ", bound);

    /// <summary>Its port; the first one of several.</summary>
    public int Port => _bound[0].Port;

    /// <summary>The name of a cookie. Cookies ignore ports, so without TLS the port is in the name.</summary>
    public string CookieName(string name) => IsSecure ? $"__Host-s3overlay-{name}"
        : string.Create(CultureInfo.InvariantCulture, $"s3overlay-{name}-{_bound[0].Port}");

    /// <summary>Whether a request names one of them: scheme, host and port.</summary>
    public bool Include(string scheme, HostString host)
    {
        if (!host.HasValue)
        {
            return false;
        }

        var port = host.Port ?? (scheme == Uri.UriSchemeHttps ? 443 : 80);
        return Array.Exists(_bound, address => address.Scheme == scheme && address.Port == port && Names(address.Host, host.Host));
    }

    /// <summary>Whether a request would name one of them, had it another port or scheme.</summary>
    public bool IncludeOnOtherPort(HostString host) => host.HasValue && Array.Exists(_bound, address => Names(address.Host, host.Host));

    private bool Names(string own, string host)
    {
        if (own.Equals(host, StringComparison.OrdinalIgnoreCase) || hosts.Any(pattern => Matches(pattern, host)))
        {
            return true;
        }

        if (IsLoopback(own))
        {
            return Loopback.Contains(host, StringComparer.OrdinalIgnoreCase);
        }

        // No page owns an address, or a name without a dot.
        return IsEveryInterface(own) && (IPAddress.TryParse(host.Trim('[', ']'), out _) || !host.Contains('.', StringComparison.Ordinal));
    }

    private static bool Matches(string pattern, string host) => pattern.StartsWith('*')
        ? host.Length > pattern.Length - 1 && host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
        : host.Equals(pattern, StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsEveryInterface(string host) => host is "*" or "+"
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address)
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)));
}
