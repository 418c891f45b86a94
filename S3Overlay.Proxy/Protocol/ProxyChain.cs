namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// The proxies that a request has passed (rule M4). Requests that it causes at other endpoints carry the list, so that a loop is detected
/// by the first proxy it reaches twice.
/// </summary>
/// <remarks>Flows with the request and with work started for it. A client's request has no list, which costs nothing.</remarks>
public static class ProxyChain
{
    /// <summary>The header that names the proxies, in the order they were passed.</summary>
    public const string Header = "x-s3overlay-via";

    /// <summary>Room for about twenty names. No sensible setup has more proxies in a row.</summary>
    private const int MaxLength = 800;

    private static readonly AsyncLocal<string?> Passed = new();

    /// <summary>Records the list of an incoming request, for the method that serves it.</summary>
    /// <param name="header">The header's value; empty for none.</param>
    /// <param name="instance">The id of this proxy.</param>
    /// <returns>False if the request was here before, or its list is too long to know.</returns>
    public static bool TryEnter(string header, string instance)
    {
        if (header.Length == 0)
        {
            return true;
        }

        if (header.Length > MaxLength || header.Contains(instance, StringComparison.Ordinal))
        {
            return false;
        }

        Passed.Value = header;
        return true;
    }

    /// <summary>The header of a request to another endpoint.</summary>
    public static string Through(string instance) => Passed.Value is { } passed ? $"{passed}, {instance}" : instance;
}
