using System.Net;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// The hosts that requests may name while anyone can sign. A page can point a name of its own to the proxy's address (DNS rebinding), which
/// the browser then treats as the same origin. It cannot do that with an IP address, a name without a dot, or a name that it does not own.
/// </summary>
/// <param name="domain">The domain whose subdomains are buckets. Known with all its subdomains.</param>
/// <param name="names">More names in lower case. <c>*.example.com</c> means all subdomains of <c>example.com</c>.</param>
public sealed class KnownHosts(string domain, IReadOnlyList<string> names)
{
    private readonly string[] _names = [domain, .. names.Where(static name => name[0] != '*')];
    private readonly string[] _endings =
        [".localhost", "." + domain, .. names.Where(static name => name[0] == '*').Select(static name => name[1..])];

    /// <summary>Whether a Host header names one of them, on any port.</summary>
    public bool Contains(string host)
    {
        var name = RequestTarget.HostName(host);
        if (!name.Contains('.'))
        {
            return true;
        }

        if (name[0] == '[' || char.IsAsciiDigit(name[^1]))
        {
            return IPAddress.TryParse(name.Trim("[]"), out _);
        }

        foreach (var known in _names)
        {
            if (name.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        foreach (var ending in _endings)
        {
            if (name.Length > ending.Length && name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
