using S3Overlay.Proxy.Configuration;

namespace S3Overlay.Tests.Configuration;

public sealed class ErrorsTests : OptionsTestBase
{
    [Fact]
    public void All_errors_are_told_at_once_each_naming_its_setting_and_value()
    {
        var (_, problems) = ReadAll(
            "S3_OVERLAY_CHUNK_SIZE=banana", "S3_OVERLAY_CHUNK_THRESHOLD=50M", "S3_OVERLAY_CACHE_ENABLED=maybe",
            "S3_OVERLAY_REMOTE_ADDRESSING_STYLE=sideways", "S3_OVERLAY_REMOTE_ENDPOINT=nowhere", "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT=0", "urls=here");

        Assert.Equal(7, problems.Errors.Count);
        var text = problems.Describe();
        Assert.All(
            [
                "S3_OVERLAY_CHUNK_SIZE = \"banana\"", "S3_OVERLAY_CHUNK_THRESHOLD = \"50M\"", "S3_OVERLAY_CACHE_ENABLED = \"maybe\": must be true or false",
                "S3_OVERLAY_REMOTE_ADDRESSING_STYLE = \"sideways\": must be one of auto, path, virtual", "S3_OVERLAY_REMOTE_ENDPOINT = \"nowhere\"",
                "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT = \"0\"", "urls = \"here\"",
            ],
            part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_misspelt_name_is_told_beside_an_error()
    {
        var text = ReadAll("S3_OVERLAY_CHUNK_SIZE=abc", "S3_OVERLAY_CHACHE_ENABLED=true").Problems.Describe();

        Assert.Contains("S3_OVERLAY_CHACHE_ENABLED", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_names_the_alias_that_was_used() =>
        Assert.Equal("AWS_REGION", ReadError("S3_OVERLAY_REMOTE_ENDPOINT=http://a.example", "AWS_REGION=a/b").Setting);

    [Theory]
    [Trait("Rule", "A4")]
    [InlineData("S3_OVERLAY_SECRET_KEY=hush-hush")]
    [InlineData("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=hush-hush")]
    [InlineData("ConnectionStrings:remote=AccessKey=a;SecretKey=hush-hush")]
    [InlineData("ConnectionStrings:remote=Endpoint=http://a;SecretKey='hush-hush")]
    public void Secrets_are_never_shown(string setting)
    {
        var (options, problems) = ReadAll(setting);

        Assert.NotEmpty(problems.Errors);
        Assert.DoesNotContain("hush", problems.Describe(), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("S3_OVERLAY_TRUSTED_PROXIES=10.0.0.1")]
    public void What_this_version_does_not_serve_is_not_quietly_ignored(string setting) =>
        Assert.Contains("not served yet", ReadError(setting).Message, StringComparison.Ordinal);

    [Fact, Trait("Rule", "E4")]
    public void Copies_in_their_own_bucket_need_an_endpoint_that_has_buckets() =>
        Assert.Contains("S3_OVERLAY_LOCAL_ENDPOINT", ReadError("S3_OVERLAY_CACHE_PLACE=bucket").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("S3_OVERLAY_REVALIDATE=never")]
    [InlineData("S3_OVERLAY_CACHE_MIN_USES=1")]
    [InlineData("S3_OVERLAY_CACHE_MIN_USES=2")]
    [InlineData("S3_OVERLAY_CACHE_MAX_BYTES=1GiB")]
    [InlineData("S3_OVERLAY_PROXIES=1")]
    [InlineData("S3_OVERLAY_COPY_UP_MAX=0")]
    public void What_asks_for_what_is_done_anyway_is_fine(string setting) => Read(setting);

    [Theory]
    [InlineData("S3_OVERLAY_REVALIDATE=sometimes")]
    [InlineData("S3_OVERLAY_REVALIDATE=-5")]
    [InlineData("S3_OVERLAY_STALE_IF_ERROR=long")]
    [InlineData("S3_OVERLAY_NEGATIVE_TTL=-1s")]
    [InlineData("S3_OVERLAY_CLIENT_DIRECTIVES=perhaps")]
    [InlineData("S3_OVERLAY_CACHE_MAX_BYTES=lots")]
    [InlineData("S3_OVERLAY_COPY_UP_MAX=6GiB")]
    [InlineData("S3_OVERLAY_COPY_UP_MAX=-1")]
    public void Settings_of_later_versions_are_checked_all_the_same(string setting) =>
        Assert.DoesNotContain("not served", ReadError(setting).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("S3_OVERLAY_CHUNKSIZE=5", "S3_OVERLAY_CHUNK_SIZE")]
    [InlineData("s3_overlay_remote_endpont=http://a", "S3_OVERLAY_REMOTE_ENDPOINT")]
    public void An_unknown_name_is_a_warning_that_says_what_was_meant(string setting, string meant)
    {
        var (_, problems) = ReadAll(setting);

        Assert.Empty(problems.Errors);
        var warning = Assert.Single(problems.Warnings);
        Assert.Equal(setting.Split('=')[0], warning.Setting);
        Assert.Contains($"Did you mean {meant}?", warning.Message, StringComparison.Ordinal);
    }
}
