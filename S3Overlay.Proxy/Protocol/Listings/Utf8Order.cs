namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>The order of S3 listings: by UTF-8 bytes. It differs from UTF-16 order for surrogate pairs and U+E000 and above.</summary>
public sealed class Utf8Order : IComparer<string>
{
    /// <summary>The only instance.</summary>
    public static readonly Utf8Order Instance = new();

    int IComparer<string>.Compare(string? x, string? y) => Compare(x ?? "", y ?? "");

    /// <summary>Compares two keys.</summary>
    public static int Compare(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length - right.Length;
        }

        var (l, r) = (left[common], right[common]);

        // A surrogate belongs to a code point above all others: moving it above U+FFFF makes UTF-16 units sort like UTF-8.
        return Weight(l) - Weight(r);
    }

    private static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
