using System.Text;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>Turns a listing's position into what layers understand: a key to start strictly after.</summary>
public static class ListingBounds
{
    /// <summary>The largest code point: after a prefix, it sorts behind every key that a client can sensibly have there.</summary>
    private const string Largest = "\U0010FFFF";

    /// <summary>
    /// A name that sorts behind the keys under a prefix. Keys with U+10FFFF of their own may still follow, so filter as well.
    /// </summary>
    public static string Beyond(string prefix) => prefix + Largest;

    /// <summary>The key to start after in the local layer.</summary>
    public static string After(ListingPosition position) => position.IsPrefix ? Beyond(position.Name) : position.Name;

    /// <summary>
    /// The remote's <c>start-after</c>, in the remote's names. Never behind the position, and never longer than a key may be: a shorter one
    /// only returns rows to skip.
    /// </summary>
    public static string StartAfter(RemoteBucket place, ListingQuery query)
    {
        var name = query.After.Name;
        if (name.Length == 0 || Utf8Order.Compare(name, query.Prefix) < 0)
        {
            return "";
        }

        var remote = place.RemoteKey(name);
        if (query.After.IsPrefix && Encoding.UTF8.GetByteCount(remote) + 4 <= ObjectKeys.MaxBytes)
        {
            return Beyond(remote);
        }

        return Shortened(remote);
    }

    /// <summary>
    /// A key to start strictly after so that <paramref name="key"/> follows, with few others before it. Never longer than a key may be.
    /// </summary>
    public static string Before(string key)
    {
        Rune last = default;
        foreach (var rune in key.EnumerateRunes())
        {
            last = rune;
        }

        var head = key[..^last.Utf16SequenceLength];
        var before = last.Value == 0xE000 ? 0xD7FF : last.Value - 1;

        // Some servers refuse a control character there.
        var close = before < ' ' ? head : head + new Rune(before) + Largest;
        return Encoding.UTF8.GetByteCount(close) <= ObjectKeys.MaxBytes ? close : head;
    }

    /// <summary>
    /// The common prefix that contains the position, or null: some keys under it precede the position, and those that follow make it a row.
    /// </summary>
    public static string? OpenPrefix(ListingQuery query)
    {
        var (name, isPrefix) = query.After;
        return name.Length > 0
            && name.StartsWith(query.Prefix, StringComparison.Ordinal)
            && query.CommonPrefixOf(name) is { } open
            && !(isPrefix && open == name)
                ? open
                : null;
    }

    /// <summary>True if no key wanted by the query can follow its position.</summary>
    public static bool IsPast(ListingQuery query)
    {
        var (name, isPrefix) = query.After;
        return name.Length > 0
            && ((Utf8Order.Compare(name, query.Prefix) > 0 && !name.StartsWith(query.Prefix, StringComparison.Ordinal))
                || (isPrefix && query.Prefix.StartsWith(name, StringComparison.Ordinal)));
    }

    private static string Shortened(string name)
    {
        if (name.Length <= ObjectKeys.MaxBytes / 3 || Encoding.UTF8.GetByteCount(name) <= ObjectKeys.MaxBytes)
        {
            return name;
        }

        var (bytes, length) = (0, 0);
        foreach (var rune in name.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > ObjectKeys.MaxBytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return name[..length];
    }
}
