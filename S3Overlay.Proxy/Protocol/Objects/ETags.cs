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
