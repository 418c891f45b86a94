using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>
/// Where the proxy listens, from ASP.NET Core's settings: <c>--urls</c>, <c>ASPNETCORE_URLS</c>, ports, or Kestrel's own sections.
/// </summary>
/// <param name="Urls">The addresses; a host of <c>*</c> or <c>+</c> is every interface.</param>
/// <param name="IsFromSections">True if they are in <c>Kestrel:Endpoints</c>, which the web server reads itself.</param>
public sealed record ListenAddresses(IReadOnlyList<string> Urls, bool IsFromSections)
{
    /// <summary>The default address.</summary>
    public const string Default = "http://127.0.0.1:8000";

    /// <summary>Whether only this machine can reach the proxy.</summary>
    public bool IsLoopbackOnly => Urls.All(IsLoopback);

    /// <summary>
    /// Where this machine reaches the proxy over plain HTTP; null if it listens only with TLS, on Unix sockets, or on a random port.
    /// </summary>
    public Uri? Plain => Urls
        .Select(address => TryParse(address, out var scheme, out var host, out var port) && scheme == Uri.UriSchemeHttp && port > 0
            && !host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
            ? new UriBuilder(scheme, IsEveryInterface(host) ? "127.0.0.1" : host, port).Uri
            : null)
        .FirstOrDefault(address => address is not null);

    /// <summary>Reads the addresses in ASP.NET Core's own order of precedence.</summary>
    public static ListenAddresses Read(IConfiguration configuration)
    {
        var sections = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>()
            .ToList();
        if (sections.Count > 0)
        {
            return new(sections, true);
        }

        var urls = Split(configuration["urls"]);
        if (urls.Count == 0)
        {
            urls = [.. Split(configuration["http_ports"]).Select(port => $"http://*:{port}"),
                .. Split(configuration["https_ports"]).Select(port => $"https://*:{port}")];
        }

        return new(urls.Count > 0 ? urls : [Default], false);
    }

    /// <summary>The same address on another port.</summary>
    /// <exception cref="FormatException">There are several addresses, or it has no port, or it is in the server's own sections.</exception>
    public ListenAddresses OnPort(int port) =>
        !IsFromSections && Urls is [var only] && BindingAddress.Parse(only) is { IsUnixPipe: false } address
            ? new([string.Create(CultureInfo.InvariantCulture, $"{address.Scheme}://{address.Host}:{port}{address.PathBase}")], false)
            : throw new FormatException(
                $"names one port, but the addresses are {string.Join(", ", Urls)}. Write the port there, or remove one of the settings.");

    /// <summary>Whether the URL leads to this proxy.</summary>
    public bool Include(Uri url) => Urls.Any(address =>
        TryParse(address, out var scheme, out var host, out var port)
        && scheme == url.Scheme && port == url.Port
        && (host.Equals(url.Host, StringComparison.OrdinalIgnoreCase)
            || ((IsLoopback(address) || IsEveryInterface(host)) && url.IsLoopback)
            || (IsEveryInterface(host) && IsThisMachine(url))));

    /// <summary>Whether an address can be parsed.</summary>
    public static bool IsWellFormed(string url) => TryParse(url, out _, out _, out var port) && port is >= 0 and <= 65535;

    private static List<string> Split(string? text) =>
        [.. (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static bool IsLoopback(string address) =>
        TryParse(address, out _, out var host, out _)
        && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    /// <summary>
    /// Whether the URL has this machine's name or one of its addresses. Other names are not resolved: a loop through them shows in the
    /// first request.
    /// </summary>
    private static bool IsThisMachine(Uri url) =>
        url.Host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address)
            && NetworkInterface.GetAllNetworkInterfaces()
                .Any(own => own.GetIPProperties().UnicastAddresses.Any(each => each.Address.Equals(address))));

    /// <summary>Whether a host means all addresses of this machine.</summary>
    public static bool IsEveryInterface(string host) =>
        host is "*" or "+"
            || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));

    private static bool TryParse(string address, out string scheme, out string host, out int port)
    {
        try
        {
            var parsed = BindingAddress.Parse(address);
            (scheme, host, port) = (parsed.Scheme, parsed.Host, parsed.Port);
            return true;
        }
        catch (FormatException)
        {
            (scheme, host, port) = ("", "", 0);
            return false;
        }
    }
}
