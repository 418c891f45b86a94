using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Tests.Protocol;

[Trait("Rule", "L1")]
public sealed class ListingTests
{
    [Fact]
    public void Keys_sort_as_their_utf8_bytes()
    {
        string[] parts = ["", "a", "b", "/", "\u007f", "\u0080", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010FFFF"];
        var keys = (from x in parts from y in parts from z in parts select x + y + z).Distinct().ToList();
        var expected = keys.OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create((l, r) => l.AsSpan().SequenceCompareTo(r))).ToList();
        keys.Sort(Utf8Order.Instance);
        Assert.Equal(expected, keys);
    }

    [Theory]
    [InlineData("key", false)]
    [InlineData("folder/", true)]
    [InlineData("\U0001F600 \u0001", false)]
    public void A_token_brings_back_its_place(string name, bool isPrefix)
    {
        var token = ContinuationTokens.Write(new ListingPosition(name, isPrefix));
        Assert.Equal(new ListingPosition(name, isPrefix), ContinuationTokens.Read(token));
        Assert.DoesNotContain(token, c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'));
    }

    [Theory]
    [InlineData("", "--", "a", false)]
    [InlineData("", "/", "", false)]
    [InlineData("", "--", "a--", true)]
    [InlineData("", "--", "--", true)]
    [InlineData("a", "--", "a-", false)]
    [InlineData("p/", "/", "p/", false)]
    [InlineData("p/", "/", "p/a/", true)]
    [InlineData("p/", "/", "q/a/", false)]
    [InlineData("", "/", "a/b/", false)]
    public void A_name_covers_what_is_under_it_only_if_a_page_could_show_it_as_a_prefix(
        string prefix, string delimiter, string name, bool isPrefix) =>
        Assert.Equal(new ListingPosition(name, isPrefix), ListingPosition.Behind(name, prefix, delimiter));

    [Theory]
    [InlineData("nonsense!")]
    [InlineData("AAAA")]
    [InlineData("AQI")]
    [InlineData("")]
    public void What_is_no_token_is_refused(string token) =>
        Assert.Equal("InvalidArgument", Assert.Throws<S3Exception>(() => ContinuationTokens.Read(token)).Error.Code);

    [Theory]
    [InlineData("", "/", "a/b/c", "a/")]
    [InlineData("a/", "/", "a/b/c", "a/b/")]
    [InlineData("a/", "/", "a/b", null)]
    [InlineData("", "--", "x--y--z", "x--")]
    [InlineData("", "", "a/b", null)]
    [InlineData("a", "/", "a/", "a/")]
    public void Keys_roll_up_behind_the_prefix(string prefix, string delimiter, string key, string? expected) =>
        Assert.Equal(expected, new ListingQuery(prefix, delimiter, ListingPosition.Start, 10).CommonPrefixOf(key));

    [Fact]
    public void Behind_a_common_prefix_nothing_under_it_is_shown_again()
    {
        var behind = new ListingPosition("a/", true);
        Assert.False(behind.IsBefore("a/"));
        Assert.False(behind.IsBefore("a/z"));
        Assert.True(behind.IsBefore("a0"));
        Assert.True(new ListingPosition("a/", false).IsBefore("a/z"));
    }
}
