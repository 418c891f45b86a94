using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Configuration;

public sealed class SeveralRemotesTests : OptionsTestBase
{
    private const string Endpoint = "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT=https://images.example.com";

    [Fact]
    [Trait("Rule", "M1")]
    public void Each_remote_has_settings_of_its_own()
    {
        var remotes = Read(
            "S3_OVERLAY_REMOTES= images, logs-eu ", Endpoint, "S3_OVERLAY_REMOTE_IMAGES_ACCESS_KEY_ID=a",
            "S3_OVERLAY_REMOTE_IMAGES_SECRET_ACCESS_KEY=b",
            "S3_OVERLAY_REMOTE_IMAGES_SESSION_TOKEN=c", "S3_OVERLAY_REMOTE_IMAGES_ADDRESSING_STYLE=path",
            "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos",
            "S3_OVERLAY_REMOTE_LOGS_EU_REGION=eu-west-1", "S3_OVERLAY_REMOTE_LOGS_EU_ANONYMOUS=true", "S3_OVERLAY_REMOTE_LOGS_EU_BACKS=*",
            "AWS_REGION=us-west-2").Remotes;

        Assert.Equal(["images", "logs-eu"], remotes.Select(remote => remote.Name));
        Assert.Equal(
            ("a", "b", "c", AddressingStyle.Path, null, false),
            (remotes[0].AccessKeyId, remotes[0].SecretAccessKey, remotes[0].SessionToken, remotes[0].Addressing, remotes[0].Region,
                remotes[0].IsAnonymous));
        Assert.Equal((null, "eu-west-1", true, "AWS eu-west-1"),
            (remotes[1].AccessKeyId, remotes[1].Region, remotes[1].IsAnonymous, remotes[1].DisplayName));
        Assert.Equal([UnmappedBuckets.Deny, UnmappedBuckets.SameName], remotes.Select(remote => remote.Unmapped));
    }

    [Fact]
    [Trait("Rule", "M1")]
    public void The_unnamed_remote_works_beside_them_unchanged()
    {
        var options = Read(
            "S3_OVERLAY_REMOTE_ENDPOINT=http://one.example.com", "S3_OVERLAY_BUCKET_MAPPING=a:b", "S3_OVERLAY_REMOTES=images", Endpoint,
            "S3_OVERLAY_REMOTE_IMAGES_BACKS=a/images/");

        Assert.Equal(["", "images"], options.Remotes.Select(remote => remote.Name));
        Assert.Equal((options.Remotes[0], UnmappedBuckets.SameName), (options.Remote, options.Remote!.Unmapped));
        Assert.Equal(new BucketMapping("a", "b", ""), Assert.Single(options.Remote.Mapping));
    }

    [Theory]
    [InlineData("photos", "photos", "", "photos", "")]
    [InlineData("photos/", "photos", "", "photos", "")]
    [InlineData("photos:archive", "photos", "", "archive", "")]
    [InlineData("photos:archive/2024", "photos", "", "archive", "2024/")]
    [InlineData("data/models/", "data", "models/", "data", "models/")]
    [InlineData("data/models", "data", "models/", "data", "models/")]
    [InlineData("data/models/:ml", "data", "models/", "ml", "")]
    [InlineData(" data/a//b/ : ml/x/y ", "data", "a//b/", "ml", "x/y/")]
    [InlineData("{\"data/a,b:c/\": \"ml/x:y,z/\"}", "data", "a,b:c/", "ml", "x:y,z/")]
    [InlineData("{\"data/models/\": \"\"}", "data", "models/", "data", "models/")]
    [InlineData("{\"data/models/\": null}", "data", "models/", "data", "models/")]
    [Trait("Rule", "M1")]
    public void Buckets_and_prefixes_are_backed_under_their_own_names_or_others(
        string text, string here, string prefix, string there, string remotePrefix) =>
        Assert.Equal(new BucketMapping(here, there, remotePrefix) { LocalPrefix = prefix }, Assert.Single(Images(text).Mapping));

    [Theory]
    [InlineData("*")]
    [InlineData("photos,*")]
    [InlineData("{\"*\": \"\"}")]
    [Trait("Rule", "M1")]
    public void Everything_else_can_be_backed(string text)
    {
        Assert.Equal(UnmappedBuckets.SameName, Images(text).Unmapped);
        Assert.Equal(UnmappedBuckets.Show, Images(text, "S3_OVERLAY_UNMAPPED=show").Unmapped);
        Assert.Equal(UnmappedBuckets.Deny, Images("photos", "S3_OVERLAY_UNMAPPED=show").Unmapped);
    }

    [Theory]
    [InlineData("a b", "\"a b\" is not a bucket name")]
    [InlineData("photos:", "\"photos:\" is not a bucket name")]
    [InlineData("photos:../x", "\"..\" is not a bucket name")]
    [InlineData("/models/", "\"\" is not a bucket name")]
    [InlineData(",", "names nothing")]
    [InlineData("{}", "names nothing")]
    [InlineData("*:other", "cannot be \"other\"")]
    [InlineData("data/x/,data/x", "\"data/x\" is mapped twice")]
    [InlineData("{\"data\": 1}", "not followed by text")]
    [InlineData("{\"data\": ", "not a JSON object")]
    public void A_bad_entry_is_named(string text, string part)
    {
        var error = ReadError("S3_OVERLAY_REMOTES=images", Endpoint, $"S3_OVERLAY_REMOTE_IMAGES_BACKS={text}");

        Assert.Equal("S3_OVERLAY_REMOTE_IMAGES_BACKS", error.Setting);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_are_reported_at_once_each_with_its_setting()
    {
        var (_, problems) = ReadAll(
            "S3_OVERLAY_REMOTES=images,logs", "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT=nowhere", "S3_OVERLAY_REMOTE_IMAGES_BACKS=a b",
            "S3_OVERLAY_REMOTE_LOGS_ACCESS_KEY_ID=only",
            "S3_OVERLAY_REMOTE_LOGS_ANONYMOUS=true", "S3_OVERLAY_REMOTE_LOGS_CA_FILE=/there/is/none");

        Assert.Equal(
            [
                "S3_OVERLAY_REMOTE_IMAGES_BACKS", "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT", "S3_OVERLAY_REMOTE_LOGS_ACCESS_KEY_ID",
                "S3_OVERLAY_REMOTE_LOGS_ACCESS_KEY_ID and S3_OVERLAY_REMOTE_LOGS_ANONYMOUS", "S3_OVERLAY_REMOTE_LOGS_BACKS",
                "S3_OVERLAY_REMOTE_LOGS_CA_FILE",
            ],
            problems.Errors.Select(error => error.Setting).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("photos,data/x/", "photos", "\"photos\": is backed by another remote already (S3_OVERLAY_REMOTE_IMAGES_BACKS)")]
    [InlineData("photos,data/x/", "data/x/:other", "\"data/x/\": is backed by another remote already (S3_OVERLAY_REMOTE_IMAGES_BACKS)")]
    [InlineData("*", "*", "\"*\": is backed by another remote already (S3_OVERLAY_REMOTE_IMAGES_BACKS)")]
    [Trait("Rule", "M2")]
    public void Two_remotes_for_one_prefix_are_an_error(string images, string logs, string part)
    {
        var error = ReadError(
            "S3_OVERLAY_REMOTES=images,logs", Endpoint, $"S3_OVERLAY_REMOTE_IMAGES_BACKS={images}",
            "S3_OVERLAY_REMOTE_LOGS_REGION=eu-west-1",
            $"S3_OVERLAY_REMOTE_LOGS_BACKS={logs}");

        Assert.Equal("S3_OVERLAY_REMOTE_LOGS_BACKS", error.Setting);
        Assert.Contains(part, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "M2")]
    public void The_unnamed_remote_has_everything_else_by_default()
    {
        string[] settings = ["S3_OVERLAY_REMOTE_ENDPOINT=http://one.example.com", "S3_OVERLAY_REMOTES=images", Endpoint,
            "S3_OVERLAY_REMOTE_IMAGES_BACKS=*"];

        Assert.Equal("S3_OVERLAY_UNMAPPED", ReadError([.. settings[1..], "S3_OVERLAY_UNMAPPED=deny"]).Setting);
        Assert.Contains("S3_OVERLAY_UNMAPPED=deny", ReadError(settings).ToString(), StringComparison.Ordinal);
        Assert.Equal(UnmappedBuckets.SameName, Read([.. settings, "S3_OVERLAY_UNMAPPED=deny"]).Remotes[1].Unmapped);
        Assert.Contains(
            "S3_OVERLAY_BUCKET_MAPPING",
            ReadError([.. settings[..3], "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos", "S3_OVERLAY_BUCKET_MAPPING=photos:other"]).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b", "\"a b\"")]
    [InlineData("1st", "\"1st\"")]
    [InlineData("a-b,A_B", "\"a-b\" and \"A_B\"")]
    [InlineData("a,a", "\"a\" and \"a\"")]
    public void Names_that_make_settings_ambiguous_are_an_error(string names, string part) =>
        Assert.Contains(part, Assert.Single(ReadAll($"S3_OVERLAY_REMOTES={names}").Problems.Errors,
            error => error.Setting == "S3_OVERLAY_REMOTES").Message, StringComparison.Ordinal);

    /// <summary>For all names of remotes, none of their settings equals another setting of the program or of another remote.</summary>
    [Fact]
    public void Settings_of_remotes_cannot_be_mistaken_for_others()
    {
        Assert.All(Settings.All, setting => Assert.Null(RemoteSettings.RemoteOf(setting.Name)));
        var ends = RemoteSettings.Named("x").All.Select(setting => setting.Name["S3_OVERLAY_REMOTE_X".Length..]).ToList();
        Assert.All(ends, end => Assert.DoesNotContain(ends, other => other != end && end.EndsWith(other, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("S3_OVERLAY_REMOTE_EU_ENDPOINT=http://a.example", "S3_OVERLAY_REMOTES does not name a remote \"eu\"")]
    [InlineData("S3_OVERLAY_REMOTE_IMAGE_PROFILE=me", "Did you mean S3_OVERLAY_REMOTE_IMAGES_PROFILE?")]
    [InlineData("S3_OVERLAY_REMOTE_IMAGES_PROFIL=me", "Did you mean S3_OVERLAY_REMOTE_IMAGES_PROFILE?")]
    [InlineData("S3_OVERLAY_BUCKET_MAPPING=a:b", "there is no other")]
    public void Likely_mistakes_are_reported(string setting, string part) => Assert.Contains(
        part,
        Assert.Single(
            ReadAll("S3_OVERLAY_REMOTES=images", Endpoint, "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos", setting).Problems.Warnings).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("s3-overlay-cache")]
    [InlineData("photos:s3-overlay-cache")]
    [InlineData("s3-overlay-cache/x/:y")]
    [Trait("Rule", "T5")]
    public void The_cache_bucket_cannot_be_backed(string text) =>
        Assert.Contains("overlay's own", ReadError("S3_OVERLAY_REMOTES=images", Endpoint, $"S3_OVERLAY_REMOTE_IMAGES_BACKS={text}").Message,
            StringComparison.Ordinal);

    [Fact]
    [Trait("Rule", "M4")]
    public void A_remote_that_is_this_proxy_is_an_error() => Assert.Equal(
        "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT",
        ReadError("S3_OVERLAY_REMOTES=images", "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT=http://localhost:8000",
            "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos").Setting);

    [Theory]
    [InlineData("http://*:8000", true)]
    [InlineData("http://0.0.0.0:8000", true)]
    [InlineData("http://*:8001", false)]
    [InlineData("https://*:8000", false)]
    [InlineData("http://127.0.0.1:8000", false)]
    [Trait("Rule", "M4")]
    public void This_machines_own_name_and_addresses_are_where_it_listens(string urls, bool isThere)
    {
        var listen = Read($"urls={urls}").Listen;
        var own = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(each => each.GetIPProperties().UnicastAddresses)
            .Select(each => each.Address)
            .Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
                && !System.Net.IPAddress.IsLoopback(address))
            .Select(address => address.ToString());

        Assert.All(own.Append(Environment.MachineName), name => Assert.Equal(isThere, listen.Include(new Uri($"http://{name}:8000"))));
        Assert.False(listen.Include(new Uri("http://192.0.2.1:8000")));
    }

    [Fact]
    public void A_connection_string_is_a_remote_too()
    {
        var remote = Assert.Single(Read(
            "S3_OVERLAY_REMOTES=images", "ConnectionStrings:remote_images=Endpoint=http://store.example.com:9000;AccessKey=a;SecretKey=b",
            "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos").Remotes);

        Assert.Equal(("http://store.example.com:9000/", "a", "b", AddressingStyle.Path),
            (remote.Endpoint!.ToString(), remote.AccessKeyId, remote.SecretAccessKey, remote.Addressing));
    }

    [Fact]
    [Trait("Rule", "A4")]
    public void Secrets_of_remotes_are_never_shown()
    {
        var (options, problems) = ReadAll(
            "S3_OVERLAY_REMOTES=images", Endpoint, "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos",
            "S3_OVERLAY_REMOTE_IMAGES_SECRET_ACCESS_KEY=hush-hush", "S3_OVERLAY_REMOTE_IMAGES_SESSION_TOKEN=hush");

        Assert.NotEmpty(problems.Errors);
        Assert.DoesNotContain("hush", problems.Describe() + options + string.Join(',', options.Remotes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_says_what_is_where()
    {
        var lines = string.Join('\n', StartupLines.For(
            Read("S3_OVERLAY_REMOTES=images,logs", Endpoint, "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos,data/x/:y",
                "S3_OVERLAY_REMOTE_LOGS_REGION=eu-west-1", "S3_OVERLAY_REMOTE_LOGS_BACKS=*"),
            "http://127.0.0.1:8000"));

        Assert.Contains("overlay over 2 remotes (only ever read)", lines, StringComparison.Ordinal);
        Assert.Contains("remote  images is https://images.example.com: photos, data/x/ -> y", lines, StringComparison.Ordinal);
        Assert.Contains("remote  logs is AWS eu-west-1: everything else", lines, StringComparison.Ordinal);
    }

    private static RemoteOptions Images(string backs, params string[] settings) =>
        Assert.Single(Read(["S3_OVERLAY_REMOTES=images", Endpoint, $"S3_OVERLAY_REMOTE_IMAGES_BACKS={backs}", .. settings]).Remotes);
}
