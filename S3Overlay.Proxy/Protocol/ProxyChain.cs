namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Which proxies the request being served has come through (rule M4). Whatever is asked of other endpoints for its sake carries them on, so
/// that a request that comes round in a circle is known by the first proxy it meets again, however many are in between.
/// </summary>
/// <remarks>Flows with the request, and with work begun for it. A request of a client has none, which costs nothing.</remarks>
public static class ProxyChain
{
    /// <summary>The header that names them, in the order in which they were passed.</summary>
    public const string Header = "x-s3overlay-via";

    /// <summary>No sensible setup has that many proxies one above the other: twenty-odd of them, by their names' length.</summary>
    private const int MaxLength = 800;

    private static readonly AsyncLocal<string?> Passed = new();

    /// <summary>Takes note of where a request comes from, for the rest of the method that serves it.</summary>
    /// <param name="header">The header as it came; empty where there is none.</param>
    /// <param name="instance">This proxy.</param>
    /// <returns>False where it was here before, or comes from too far for that to be told.</returns>
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
