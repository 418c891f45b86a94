using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Tests.Configuration;

public sealed class RemoteSettingsTests : OptionsTestBase
{
    [Theory]
    [InlineData("S3_OVERLAY_REMOTE_ENDPOINT=http://127.0.0.1:9000")]
    [InlineData("S3_OVERLAY_REMOTE_REGION=eu-central-1")]
    [InlineData("S3_OVERLAY_REMOTE_ACCESS_KEY_ID=a", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=b")]
    [InlineData("AWS_REMOTE_ACCESS_KEY_ID=a", "AWS_REMOTE_SECRET_ACCESS_KEY=b")]
    [InlineData("S3_OVERLAY_REMOTE_PROFILE=team")]
    [InlineData("S3_OVERLAY_REMOTE_ANONYMOUS=true")]
    [InlineData("ConnectionStrings:remote=Endpoint=http://127.0.0.1:9000;AccessKey=a;SecretKey=b")]
    public void Endpoint_credentials_or_its_own_region_switch_a_remote_on(params string[] settings) =>
        Assert.NotNull(Read(settings).Remote);

    [Theory]
    [InlineData("AWS_REGION=eu-central-1")]
    [InlineData("AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")]
    [InlineData("S3_OVERLAY_BUCKET_MAPPING=aaa:bbb")]
    [InlineData("S3_OVERLAY_REMOTE_ANONYMOUS=false")]
    [InlineData("S3_OVERLAY_REMOTE_REQUEST_PAYER=true")]
    public void Nothing_else_switches_a_remote_on(params string[] settings) => Assert.Null(Read(settings).Remote);

    [Theory]
    [InlineData("S3_OVERLAY_REMOTE_PROFILE=team")]
    [InlineData("S3_OVERLAY_REMOTE_ANONYMOUS=true")]
    public void A_profile_or_anonymous_without_an_endpoint_means_AWS(string setting)
    {
        var (options, problems) = ReadAll(setting, "S3_OVERLAY_BUCKET_MAPPING=aaa:bbb");

        Assert.Empty(problems.Errors);
        Assert.Empty(problems.Warnings);
        Assert.Equal("AWS", options!.Remote!.DisplayName);
    }

    [Fact]
    public void What_has_no_effect_without_a_remote_is_said()
    {
        var (_, problems) = ReadAll("S3_OVERLAY_BUCKET_MAPPING=aaa:bbb", "S3_OVERLAY_REMOTE_REQUEST_PAYER=true");

        Assert.Empty(problems.Errors);
        Assert.Equal(["S3_OVERLAY_REMOTE_REQUEST_PAYER", "S3_OVERLAY_BUCKET_MAPPING"],
            problems.Warnings.Select(warning => warning.Setting));
    }

    [Fact]
    public void The_region_of_AWS_counts_once_a_remote_is_on()
    {
        Assert.Equal("eu-west-3", Read("S3_OVERLAY_REMOTE_ENDPOINT=http://a.example", "AWS_REGION=eu-west-3").Remote!.Region);
        Assert.Equal("eu-1", Read("S3_OVERLAY_REMOTE_REGION=eu-1", "AWS_REGION=eu-west-3").Remote!.Region);
    }

    [Fact]
    public void The_environment_of_the_predecessor_is_read()
    {
        var remote = Read(
            "S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.com",
            "S3_OVERLAY_REMOTE_REGION=eu-north-1",
            "S3_OVERLAY_REMOTE_ADDRESSING_STYLE=path",
            "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=id",
            "AWS_REMOTE_SECRET_ACCESS_KEY=secret",
            "S3_OVERLAY_REMOTE_SESSION_TOKEN=token",
            "S3_OVERLAY_REMOTE_REQUEST_PAYER=requester").Remote!;

        Assert.Equal(new Uri("https://s3.example.com"), remote.Endpoint);
        Assert.Equal("eu-north-1", remote.Region);
        Assert.Equal(AddressingStyle.Path, remote.Addressing);
        Assert.Equal(("id", "secret", "token"), (remote.AccessKeyId, remote.SecretAccessKey, remote.SessionToken));
        Assert.True(remote.RequestPayer);
    }

    [Fact]
    public void A_connection_string_is_a_remote_in_path_style()
    {
        var remote = Read("ConnectionStrings:remote=Endpoint=http://store.example.com:9000;AccessKey=a;SecretKey=b=c").Remote!;

        Assert.Equal(new Uri("http://store.example.com:9000"), remote.Endpoint);
        Assert.Equal(("a", "b=c"), (remote.AccessKeyId, remote.SecretAccessKey));
        Assert.Equal(AddressingStyle.Path, remote.Addressing);
    }

    [Theory]
    [InlineData("auto", AddressingStyle.Auto)]
    [InlineData("Virtual", AddressingStyle.Virtual)]
    [InlineData("path", AddressingStyle.Path)]
    public void The_addressing_style_can_be_chosen(string text, AddressingStyle style) =>
        Assert.Equal(
            (style, style),
            Read("S3_OVERLAY_REMOTE_ENDPOINT=http://a.example", $"S3_OVERLAY_REMOTE_ADDRESSING_STYLE={text}",
                $"S3_OVERLAY_LOCAL_ADDRESSING_STYLE={text}")
                is var options ? (options.Remote!.Addressing, options.Local.Addressing) : default);

    [Theory]
    [InlineData("S3_OVERLAY_REMOTE_ACCESS_KEY_ID=a", null, "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY")]
    [InlineData("AWS_REMOTE_SECRET_ACCESS_KEY=a", null, "S3_OVERLAY_REMOTE_ACCESS_KEY_ID")]
    [InlineData("S3_OVERLAY_REMOTE_REGION=eu-1", "S3_OVERLAY_REMOTE_SESSION_TOKEN=t", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID")]
    public void Half_a_set_of_credentials_is_an_error(string first, string? second, string missing)
    {
        var error = ReadError(second is null ? [first] : [first, second]);

        Assert.Contains(missing, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Contradicting_credentials_are_an_error() => Assert.Contains(
        "S3_OVERLAY_REMOTE_PROFILE and S3_OVERLAY_REMOTE_ANONYMOUS",
        ReadError("S3_OVERLAY_REMOTE_REGION=eu-1", "S3_OVERLAY_REMOTE_PROFILE=p", "S3_OVERLAY_REMOTE_ANONYMOUS=true").Setting,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:9000")]
    [InlineData("minio:9000")]
    [InlineData("ftp://store")]
    [InlineData("http://store/bucket")]
    [InlineData("http://key:secret@store")]
    [InlineData("/store")]
    public void An_endpoint_is_scheme_host_and_port(string text) =>
        Assert.Equal("S3_OVERLAY_REMOTE_ENDPOINT", ReadError($"S3_OVERLAY_REMOTE_ENDPOINT={text}").Setting);

    [Theory]
    [InlineData("http://127.0.0.1:8000")]
    [InlineData("http://localhost:8000")]
    public void The_proxy_is_not_its_own_remote(string endpoint) =>
        Assert.Contains("itself", ReadError($"S3_OVERLAY_REMOTE_ENDPOINT={endpoint}").Message, StringComparison.Ordinal);
}
