namespace S3Overlay.Tests.Contract;

/// <summary>Keys that other gateways lose: path-like, percent-like, beyond ASCII, as long as keys may be.</summary>
public static class AwkwardKeys
{
    public static IReadOnlyList<string> All { get; } =
    [
        "a", "a/b", "a/", "x//y", "../up", "./here", "..", "a/../b", "100%", "a?b", "a#b", "a%2Fb", "a+b c", "a&b=c;d", "tilde~",
        "quote\"'",
        "\u00fcml\u00e4ut", "\u65e5\u672c/\u8a9e", "\U0001F600", "\ufffd", "back\\slash", "star*", "new\nline", "tab\t", "trailing ",
        " leading",
        new('k', 1024), string.Concat(Enumerable.Repeat("\u00e9", 512)), "con", "nul.txt", "C:\\x", "%00", "a\u0001b", "<xml>&amp;",
    ];

    /// <summary>The keys in the order S3 lists them.</summary>
    public static IReadOnlyList<string> InListingOrder { get; } = [.. All.Order(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Instance)];

    /// <summary>As theory data: by index, so that test names stay readable.</summary>
    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, All.Count)];
}
