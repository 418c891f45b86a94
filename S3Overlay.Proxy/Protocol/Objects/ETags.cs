using System.Globalization;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Comparing entity tags as S3 does: by what stands between the quotes, so that a client that forgot them still matches.</summary>
public static class ETags
{
    /// <summary>The tag without quotes and without the mark of a weak one.</summary>
    public static ReadOnlySpan<char> Bare(ReadOnlySpan<char> tag)
    {
        tag = tag.Trim();
        if (tag.StartsWith("W/", StringComparison.Ordinal))
        {
            tag = tag[2..];
        }

        return tag.Length >= 2 && tag[0] == '"' && tag[^1] == '"' ? tag[1..^1] : tag;
    }

    /// <summary>Whether the tag says it is weak (RFC 9110, section 8.8.1).</summary>
    public static bool IsWeak(string tag) => tag.StartsWith("W/", StringComparison.Ordinal);

    /// <summary>
    /// Whether there is a tag, and it names one version to the byte: only what has such a tag can be held (rule R9), or asked for once more
    /// with If-Match.
    /// </summary>
    public static bool IsStrong(string tag) => tag.Length > 0 && !IsWeak(tag);

    /// <summary>How many parts the object was uploaded in, where its tag says so as S3's do (<c>"...-3"</c>); else 1.</summary>
    public static int PartCount(string tag)
    {
        var bare = Bare(tag);
        return bare.LastIndexOf('-') is >= 0 and var dash
            && int.TryParse(bare[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 1;
    }

    /// <summary>Whether two tags name the same bytes.</summary>
    public static bool Same(ReadOnlySpan<char> left, ReadOnlySpan<char> right) => Bare(left).SequenceEqual(Bare(right));

    /// <summary>Whether a condition's list of tags, or its asterisk, holds <paramref name="tag"/>.</summary>
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
