using System.Net;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// The hosts that requests may name where anybody may sign. A page can give a name of its own the proxy's address (DNS rebinding) and is
/// then of the same origin for a browser; it cannot do so with a literal address, a name without a dot, or a name that is not its own.
/// </summary>
/// <param name="domain">The domain under which buckets are host names. It is known, with all names below it.</param>
/// <param name="names">Further names in lower case. <c>*.example.com</c> stands for all names below <c>example.com</c>.</param>
public sealed class KnownHosts(string domain, IReadOnlyList<string> names)
{
    private readonly string[] _names = [domain, .. names.Where(static name => name[0] != '*')];
    private readonly string[] _endings =
        [".localhost", "." + domain, .. names.Where(static name => name[0] == '*').Select(static name => name[1..])];

    /// <summary>Whether a Host header names one of them, whatever its port.</summary>
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
