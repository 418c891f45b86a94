using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>Reads what clients say of copies (rule S3).</summary>
internal static class ClientDirectives
{
    /// <summary>
    /// What a read says; nothing where clients may not say anything, or nobody signed it: strangers must not decide what the remote is
    /// asked.
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
