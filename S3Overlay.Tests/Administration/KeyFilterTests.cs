using S3Overlay.Proxy.Administration.Cache;

namespace S3Overlay.Tests.Administration;

public sealed class KeyFilterTests
{
    [Theory]
    [InlineData("*.parquet", "a/b/x.parquet", true)]
    [InlineData("*.parquet", "a/b.parquet/x", false)]
    [InlineData("a/*.txt", "a/x.txt", true)]
    [InlineData("a/*.txt", "a/b/x.txt", false)]
    [InlineData("a/**", "a/b/x.txt", true)]
    [InlineData("a/**/x", "a/b/c/x", true)]
    [InlineData("img-?.png", "img-1.png", true)]
    [InlineData("img-?.png", "img-12.png", false)]
    [InlineData("*.{jpg,png}", "p/a.png", true)]
    [InlineData("*.{jpg,png}", "p/a.gif", false)]
    [InlineData("a.b", "axb", false)]
    [InlineData("a[1]+$", "a[1]+$", true)]
    [InlineData("a", "a\n", false)]
    [InlineData("a}", "a}", true)]
    [InlineData("a,b", "a,b", true)]
    public void A_pattern_is_compared_with_the_key_or_its_last_segment(string pattern, string key, bool matches)
    {
        Assert.Equal(matches, new KeyFilter([pattern], []).Has(key));
        Assert.Equal(!matches, new KeyFilter([], [pattern]).Has(key));
    }

    [Fact]
    public void A_key_must_be_included_and_not_excluded()
    {
        var filter = new KeyFilter(["*.txt", "*.md"], ["draft-*"]);
        Assert.Equal(["a.txt", "p/b.md"], ((string[])["a.txt", "p/b.md", "draft-a.txt", "c.png"]).Where(filter.Has));
        Assert.True(KeyFilter.All.Has(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a{b")]
    public void A_malformed_pattern_is_refused(string pattern) =>
        Assert.Throws<FormatException>(() => new KeyFilter([pattern], []));
}
