namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>
/// The order of S3 listings: that of the keys' UTF-8 bytes. It differs from UTF-16 order where surrogate pairs meet U+E000 and above.
/// </summary>
public sealed class Utf8Order : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static readonly Utf8Order Instance = new();

    int IComparer<string>.Compare(string? x, string? y) => Compare(x ?? "", y ?? "");

    /// <summary>Compares two keys; negative, zero or positive.</summary>
    public static int Compare(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length - right.Length;
        }

        var (l, r) = (left[common], right[common]);

        // A surrogate stands for a code point above every other: moving it above U+FFFF's place makes UTF-16 units sort like UTF-8.
        return Weight(l) - Weight(r);
    }

    private static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
