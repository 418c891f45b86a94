using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>Reads what clients say of entries (rule S3).</summary>
internal static class ClientDirectives
{
    /// <summary>
    /// The directives of a request. None if clients may not send any, or if the request is not signed: an anonymous client must not decide
    /// what the remote is asked.
    /// </summary>
    public static ReadDirectives Of(S3Request request, FreshnessSettings settings)
    {
        var values = request.Headers.CacheControl;
        if (values.Count == 0 || !settings.AllowsDirectives || settings.IsFrozen || request.Caller.IsAnonymous)
        {
            return ReadDirectives.None;
        }

        var directives = ReadDirectives.None;
        foreach (var value in values)
        {
            foreach (var part in value.AsSpan().Split(','))
            {
                directives |= One(value.AsSpan()[part].Trim());
            }
        }

        return directives;
    }

    private static ReadDirectives One(ReadOnlySpan<char> directive) =>
        directive.Equals("no-cache", StringComparison.OrdinalIgnoreCase) ? ReadDirectives.Compare
        : directive.Equals("no-store", StringComparison.OrdinalIgnoreCase) ? ReadDirectives.Bypass
        : directive.Equals("only-if-cached", StringComparison.OrdinalIgnoreCase) ? ReadDirectives.OnlyHeld
        : ReadDirectives.None;
}

/// <summary>The directives in a read's Cache-Control header that count here (rule S3, RFC 9111).</summary>
[Flags]
internal enum ReadDirectives
{
    /// <summary>The settings decide.</summary>
    None = 0,

    /// <summary><c>no-cache</c>: revalidate before use.</summary>
    Compare = 1,

    /// <summary><c>no-store</c>: read from the remote and store nothing.</summary>
    Bypass = 2,

    /// <summary><c>only-if-cached</c>: use the cache, and never ask the remote.</summary>
    OnlyHeld = 4,
}
