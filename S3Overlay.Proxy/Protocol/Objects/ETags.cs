using System.Globalization;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Compares entity tags as S3 does: by the text between the quotes, so that a tag without quotes matches too.</summary>
public static class ETags
{
    /// <summary>The tag without quotes and weak prefix.</summary>
    public static ReadOnlySpan<char> Bare(ReadOnlySpan<char> tag)
    {
        tag = tag.Trim();
        if (tag.StartsWith("W/", StringComparison.Ordinal))
        {
            tag = tag[2..];
        }

        return tag.Length >= 2 && tag[0] == '"' && tag[^1] == '"' ? tag[1..^1] : tag;
    }

    /// <summary>Whether the tag is weak (RFC 9110, section 8.8.1).</summary>
    public static bool IsWeak(string tag) => tag.StartsWith("W/", StringComparison.Ordinal);

    /// <summary>
    /// Whether the tag identifies one version byte by byte. Only such a version can be cached (rule R9), or requested again with If-Match.
    /// </summary>
    public static bool IsStrong(string tag) => tag.Length > 0 && !IsWeak(tag);

    /// <summary>The number of parts that the object was uploaded in, if its tag has S3's form (<c>"...-3"</c>); else 1.</summary>
    public static int PartCount(string tag)
    {
        var bare = Bare(tag);
        return bare.LastIndexOf('-') is >= 0 and var dash
            && int.TryParse(bare[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 1;
    }

    /// <summary>Whether two tags name the same bytes.</summary>
    public static bool Same(ReadOnlySpan<char> left, ReadOnlySpan<char> right) => Bare(left).SequenceEqual(Bare(right));

    /// <summary>Whether a condition's list contains <paramref name="tag"/> or is an asterisk.</summary>
    public static bool ListHas(string list, string tag)
    {
        if (list.AsSpan().Trim() is "*")
        {
            return true;
        }

        foreach (var range in list.AsSpan().Split(','))
        {
            if (Same(list.AsSpan()[range], tag))
            {
                return true;
            }
        }

        return false;
    }
}
