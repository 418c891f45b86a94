using S3Overlay.WebConsole.Gateway.Documents;
using S3Overlay.WebConsole.Pages.Cache;
using S3Overlay.WebConsole.Pages.Requests;

namespace S3Overlay.Tests.WebConsole;

/// <summary>What people type as a target, and the lines of a page.</summary>
public sealed class CacheTargetTests
{
    [Theory]
    [InlineData(null, "all=true", "all=true")]
    [InlineData("  ", "all=true", "all=true")]
    [InlineData("/x", "all=true", "all=true")]
    [InlineData("photos", "bucket=photos", "bucket=photos")]
    [InlineData("photos/", "bucket=photos", "bucket=photos")]
    [InlineData("s3://photos/a/", "bucket=photos&prefix=a%2F", "bucket=photos&prefix=a%2F")]
    [InlineData("photos/a b", "bucket=photos&key=a%20b", "bucket=photos&prefix=a%20b")]
    public void A_target_is_read_as_commands_read_it(string? text, string expected, string asPrefix)
    {
        Assert.Equal(expected, CacheTarget.Parse(text).Query().ToString());
        Assert.Equal(asPrefix, CacheTarget.ParsePrefix(text).Query().ToString());
    }

    [Theory]
    [InlineData("", "", "", "", "")]
    [InlineData("photos", "hit", "GET", "2xx", "bucket=photos&layer=hit&method=GET&status=2xx")]
    [InlineData("photos/a&b", "", "", "", "bucket=photos&prefix=a%26b")]
    public void A_filter_is_what_tail_takes(string target, string layer, string method, string status, string expected) =>
        Assert.Equal(expected, RequestFilter.Of(target, layer, method, status).Query().ToString());

    [Fact]
    public void A_page_keeps_the_newest_lines_and_counts_what_is_missing()
    {
        var lines = new RequestLines();
        lines.NotePause();
        Assert.Equal(0, lines.Count);
        lines.Add(Enumerable.Range(0, 300).Select(static at => Line($"k{at}")));
        lines.Add([Line("gap") with { Lost = 7 }]);
        Assert.Equal((RequestLines.Most, 7), (lines.Count, lines.Lost));
        Assert.NotNull(lines.Shown.First().Gap);
        Assert.Equal("k299", lines.Shown.ElementAt(1).Request.Key);
        lines.NotePause();
        lines.NotePause();
        Assert.Equal((true, false), (lines.Shown.First().IsPause, lines.Shown.ElementAt(1).IsPause));
        lines.Clear();
        Assert.Equal((0, 0), (lines.Count, lines.Lost));
    }

    private static TailDocument Line(string key) =>
        new(DateTimeOffset.UnixEpoch, "GET", "GetObject", "photos", key, 200, null, null, null, 0, 0, null);
}
