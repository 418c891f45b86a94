using System.Globalization;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>Reads Content-Range (RFC 9110, section 14.4).</summary>
internal static class ContentRanges
{
    /// <summary>The range and the total of <c>bytes 0-9/100</c>; null for anything else.</summary>
    public static (ByteRange Range, long Total)? Parse(string? header)
    {
        const string Unit = "bytes ";
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var text = header.AsSpan(Unit.Length).Trim();
        var dash = text.IndexOf('-');
        var slash = text.IndexOf('/');
        return dash > 0 && slash > dash
            && long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(text[(dash + 1)..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && long.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var total)
            && first <= last && last < total
            ? (new ByteRange(first, last), total)
            : null;
    }

    /// <summary>The size that a 416 names: <c>bytes */100</c>.</summary>
    public static long? ParseUnsatisfied(string? header) =>
        header is not null
        && header.StartsWith("bytes */", StringComparison.OrdinalIgnoreCase)
        && long.TryParse(header.AsSpan(8), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : null;
}
