using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Configuration;

/// <summary>Settings that an application host injects, next to settings written by hand.</summary>
public sealed class ConnectionStringTests : OptionsTestBase
{
    private const string Store = "Endpoint=http://127.0.0.1:9000;AccessKey=store;SecretKey=hush-hush";

    [Theory]
    [InlineData("local")]
    [InlineData("minio")]
    public void A_connection_string_is_the_local_layer_and_its_keys_are_the_clients(string name)
    {
        var options = Read($"ConnectionStrings:{name}={Store}");

        Assert.Equal(new Uri("http://127.0.0.1:9000"), options.Local.Endpoint);
        Assert.Equal(("store", "hush-hush"), (options.Local.AccessKey, options.Local.SecretKey));
        var key = Assert.Single(options.Clients.Keys);
        Assert.Equal(("store", "hush-hush"), (key.AccessKey, key.SecretKey));
        Assert.False(options.Clients.HasDefaultKeys);
    }

    [Fact]
    public void Of_two_for_the_local_layer_the_one_called_local_counts() =>
        Assert.Equal(
            9001, Read("ConnectionStrings:local=Endpoint=http://127.0.0.1:9001", $"ConnectionStrings:minio={Store}").Local.Endpoint!.Port);

    [Fact]
    public void Settings_win_over_the_local_connection_string()
    {
        var local = Read($"ConnectionStrings:minio={Store}", "S3_OVERLAY_LOCAL_ENDPOINT=http://127.0.0.1:9002",
            "S3_OVERLAY_LOCAL_ACCESS_KEY=mine", "S3_OVERLAY_LOCAL_SECRET_KEY=own").Local;

        Assert.Equal(9002, local.Endpoint!.Port);
        Assert.Equal(("mine", "own"), (local.AccessKey, local.SecretKey));
    }

    [Fact]
    public void No_pair_of_keys_is_made_of_a_setting_and_a_connection_string()
    {
        Assert.Contains("S3_OVERLAY_LOCAL_SECRET_KEY",
            ReadError($"ConnectionStrings:local={Store}", "S3_OVERLAY_LOCAL_ACCESS_KEY=mine").Message, StringComparison.Ordinal);
        var error = ReadError($"ConnectionStrings:remote={Store}", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=mine");
        Assert.Contains("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_win_over_the_remote_connection_string()
    {
        var remote = Read(
            $"ConnectionStrings:remote={Store}", "S3_OVERLAY_REMOTE_ENDPOINT=http://127.0.0.1:9003", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=mine",
            "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=own").Remote!;

        Assert.Equal(9003, remote.Endpoint!.Port);
        Assert.Equal(("mine", "own"), (remote.AccessKeyId, remote.SecretAccessKey));
    }

    [Theory]
    [InlineData("S3_OVERLAY_REMOTE_ANONYMOUS=true")]
    [InlineData("S3_OVERLAY_REMOTE_PROFILE=team")]
    public void Another_way_to_sign_takes_the_place_of_the_connection_strings_keys(string setting)
    {
        var remote = Read($"ConnectionStrings:remote={Store}", setting).Remote!;

        Assert.Equal(9000, remote.Endpoint!.Port);
        Assert.Equal((null, null), (remote.AccessKeyId, remote.SecretAccessKey));
    }

    [Theory]
    [InlineData("local", "AccessKey=store;SecretKey=hush-hush", "Endpoint")]
    [InlineData("minio", "Endpoint=http://127.0.0.1:9000;AccessKey=store", "SecretKey")]
    [InlineData("remote", "Endpoint=http://127.0.0.1:9000;SecretKey=hush-hush", "AccessKey")]
    [InlineData("remote", "Endpoint=127.0.0.1:9000;AccessKey=a;SecretKey=hush-hush", "http://")]
    [InlineData("local", "http://127.0.0.1:9000", "Endpoint=")]
    public void A_wrong_one_is_reported_by_its_variable_and_without_its_secret(string name, string text, string named)
    {
        var error = ReadError($"ConnectionStrings:{name}={text}");

        Assert.Equal($"ConnectionStrings__{name}", error.Setting);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "A4")]
    public void A_start_says_which_connection_string_the_keys_are_from_and_shows_none()
    {
        var lines = string.Join('\n', StartupLines.For(Read($"ConnectionStrings:minio={Store}"), "http://127.0.0.1:8000"));

        Assert.Contains("keys    from ConnectionStrings__minio", lines, StringComparison.Ordinal);
        Assert.Contains("AWS_ACCESS_KEY_ID=KEY", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", lines, StringComparison.Ordinal);
    }
}
