using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Configuration;

namespace S3Overlay.Tests.Hosting;

[Trait("Rule", "A4")]
public sealed class StartupLinesTests : OptionsTestBase
{
    private static string Lines(params string[] settings) => string.Join('\n', StartupLines.For(Read(settings), "http://127.0.0.1:8000"));

    [Fact]
    public void They_say_endpoint_mode_data_default_keys_and_what_to_paste()
    {
        var lines = Lines("S3_OVERLAY_DATA_DIR=here");

        Assert.Contains("serves S3 on http://127.0.0.1:8000", lines, StringComparison.Ordinal);
        Assert.Contains("local only", lines, StringComparison.Ordinal);
        Assert.Contains(Path.GetFullPath("here"), lines, StringComparison.Ordinal);
        Assert.Contains(
            "AWS_ACCESS_KEY_ID=minioadmin AWS_SECRET_ACCESS_KEY=minioadmin aws --endpoint-url http://127.0.0.1:8000 s3 mb s3://test", lines,
            StringComparison.Ordinal);
    }

    [Fact]
    public void They_say_what_the_overlay_is_over()
    {
        var lines = Lines(
            "S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.com", "S3_OVERLAY_CACHE_ENABLED=true", "S3_OVERLAY_BUCKET_MAPPING=a:b/c,d:e",
            "S3_OVERLAY_UNMAPPED=deny");

        Assert.Contains("overlay over https://s3.example.com (only ever read), caching on: chunks of 16 MiB above 50 MiB", lines,
            StringComparison.Ordinal);
        Assert.Contains("a -> b/c/, d -> e, all others local only", lines, StringComparison.Ordinal);
        Assert.Contains("AWS eu-1 (only ever read), caching off", Lines("S3_OVERLAY_REMOTE_REGION=eu-1"), StringComparison.Ordinal);
    }

    [Fact]
    public void They_say_where_the_cache_is_and_how_large_it_may_grow()
    {
        string[] caching = ["S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.com", "S3_OVERLAY_CACHE_ENABLED=true",
            "S3_OVERLAY_CACHE_MAX_BYTES=20GiB"];

        Assert.Contains($"cache   {Path.GetFullPath("held")}, at most 20 GiB, leaving 5 % or 1 GiB of its disk free",
            Lines([.. caching, "S3_OVERLAY_CACHE_DIR=held"]), StringComparison.Ordinal);
        Assert.Contains(", may grow until it leaves 2 GiB of its disk free; S3_OVERLAY_CACHE_MAX_BYTES bounds it",
            Lines([.. caching[..2], "S3_OVERLAY_CACHE_MIN_FREE=2GiB"]), StringComparison.Ordinal);
        Assert.Contains("cache   in the bucket s3-overlay-cache there, at most 20 GiB",
            Lines([.. caching, "S3_OVERLAY_LOCAL_ENDPOINT=http://store.example"]), StringComparison.Ordinal);
        Assert.DoesNotContain("  cache   ", Lines(caching[..1]) + Lines(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3 ls s3://photos\n", "S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos")]
    [InlineData("s3 ls\n", "S3_OVERLAY_UNMAPPED=show")]
    [InlineData("s3 ls s3://BUCKET-OF-THE-REMOTE\n")]
    public void Over_a_remote_the_line_to_paste_lists(string expected, params string[] settings)
    {
        var lines = Lines(["S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.com", .. settings]);

        Assert.Contains(expected, lines, StringComparison.Ordinal);
        Assert.DoesNotContain(" mb ", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void They_name_where_keys_come_from_and_show_none_but_the_default()
    {
        var lines = Lines(
            "S3_OVERLAY_ACCESS_KEY=whispered", "S3_OVERLAY_SECRET_KEY=hush", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=far",
            "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=hush");

        Assert.Contains("keys    from S3_OVERLAY_ACCESS_KEY", lines, StringComparison.Ordinal);
        Assert.Contains("AWS_SECRET_ACCESS_KEY=$S3_OVERLAY_SECRET_KEY", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("whispered", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("minioadmin", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_authentication_the_line_to_paste_does_not_sign() =>
        Assert.Contains("aws --no-sign-request --endpoint-url", Lines("S3_OVERLAY_AUTH=none"), StringComparison.Ordinal);
}
