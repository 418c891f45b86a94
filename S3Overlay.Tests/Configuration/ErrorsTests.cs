using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Configuration;

public sealed class ErrorsTests : OptionsTestBase
{
    [Fact]
    public void All_errors_are_reported_at_once_each_with_its_setting_and_value()
    {
        var (_, problems) = ReadAll(
            "S3_OVERLAY_CHUNK_SIZE=banana", "S3_OVERLAY_CHUNK_THRESHOLD=50M", "S3_OVERLAY_CACHE_ENABLED=maybe",
            "S3_OVERLAY_REMOTE_ADDRESSING_STYLE=sideways", "S3_OVERLAY_REMOTE_ENDPOINT=nowhere", "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT=0",
            "urls=here");

        Assert.Equal(7, problems.Errors.Count);
        var text = problems.Describe();
        Assert.All(
            [
                "S3_OVERLAY_CHUNK_SIZE = \"banana\"", "S3_OVERLAY_CHUNK_THRESHOLD = \"50M\"",
                "S3_OVERLAY_CACHE_ENABLED = \"maybe\": must be true or false",
                "S3_OVERLAY_REMOTE_ADDRESSING_STYLE = \"sideways\": must be one of auto, path, virtual",
                "S3_OVERLAY_REMOTE_ENDPOINT = \"nowhere\"",
                "S3_OVERLAY_REMOTE_CONNECT_TIMEOUT = \"0\"", "urls = \"here\"",
            ],
            part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Theory, Trait("Rule", "A4")]
    [InlineData("S3_OVERLAY_REMOTE_ENDPOINT", "http://me:pass@word@a.example", "http://...@a.example")]
    [InlineData("S3_OVERLAY_LOCAL_ENDPOINT", "https://me:pass/word@a.example:9000/x", "https://...@a.example:9000/x")]
    [InlineData("S3_OVERLAY_REMOTE_ENDPOINT", "me:password@a.example", "...@a.example")]
    [InlineData("S3_OVERLAY_MANAGEMENT_URLS", "https://me:password@127.0.0.1:9100", "https://...@127.0.0.1:9100")]
    [InlineData("S3_OVERLAY_REMOTES", "https://me:password@a.example", "https://...@a.example")]
    [InlineData("S3_OVERLAY_TRUSTED_PROXIES", "10.0.0.7,http://me:password@a.example", "10.0.0.7,http://...@a.example")]
    public void A_password_in_an_address_is_not_shown(string setting, string value, string shown)
    {
        Assert.Equal((setting, shown), ReadError($"{setting}={value}") is var error ? (error.Setting, error.Value) : default);
        Assert.DoesNotContain("word", ReadAll($"{setting}={value}").Problems.Describe(), StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "A7")]
    [InlineData("example.com", "s3.example.com")]
    [InlineData("Example.com", "a.s3.example.COM")]
    [InlineData("s3.example.com", "s3.example.com")]
    public void No_website_takes_the_host_of_the_S3_API(string site, string domain)
    {
        Assert.Equal("S3_OVERLAY_WEBSITE_DOMAIN",
            ReadError($"S3_OVERLAY_WEBSITE_DOMAIN={site}", $"S3_OVERLAY_DOMAIN={domain}").Setting);
        Read($"S3_OVERLAY_WEBSITE_DOMAIN=web.{site}", $"S3_OVERLAY_DOMAIN={domain}");
        Read($"S3_OVERLAY_WEBSITE_DOMAIN={site}", $"S3_OVERLAY_DOMAIN=s3{domain[domain.IndexOf('.', StringComparison.Ordinal)..]}.net");
    }

    [Theory]
    [InlineData("photos", "photos/x/*")]
    [InlineData("photos", "music")]
    public void Pages_are_for_buckets_that_everybody_may_list(string bucket, string open)
    {
        var error = ReadError($"S3_OVERLAY_CONSOLE_PUBLIC={bucket}", $"S3_OVERLAY_ANONYMOUS_READ={open}");
        Assert.Equal(("S3_OVERLAY_CONSOLE_PUBLIC", bucket), (error.Setting, error.Value));
        Assert.Empty(ReadAll($"S3_OVERLAY_CONSOLE_PUBLIC={bucket}", $"S3_OVERLAY_ANONYMOUS_READ={open},{bucket[..2]}*").Problems.Errors);
    }

    [Theory]
    [InlineData(" , ")]
    [InlineData("/private/")]
    [InlineData("photos,a b/x")]
    [InlineData("photos/*.jpg")]
    public void What_is_hidden_is_a_bucket_or_a_prefix_of_one(string names)
    {
        Assert.Equal("S3_OVERLAY_HIDE", ReadError($"S3_OVERLAY_HIDE={names}").Setting);
        Assert.False(Read("S3_OVERLAY_HIDE=photos/private/, secrets").Clients.Hidden.IsEmpty);
    }

    [Fact]
    public void An_old_name_works_without_a_warning()
    {
        var (options, problems) = ReadAll("S3_OVERLAY_FILL_ON_LEAVE=drop");

        Assert.Equal((FillOnAbort.Drop, 0), (options.Cache.FillOnAbort, problems.Errors.Count));
        Assert.DoesNotContain(problems.Warnings, warning => warning.Setting == "S3_OVERLAY_FILL_ON_LEAVE");
    }

    [Fact]
    public void A_misspelt_name_is_reported_beside_an_error()
    {
        var text = ReadAll("S3_OVERLAY_CHUNK_SIZE=abc", "S3_OVERLAY_CHACHE_ENABLED=true").Problems.Describe();

        Assert.Contains("S3_OVERLAY_CHACHE_ENABLED", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images,b c")]
    [InlineData("images,IMAGES")]
    public void A_remote_is_not_said_to_be_unnamed_where_the_names_cannot_be_read(string names)
    {
        var (_, problems) = ReadAll($"S3_OVERLAY_REMOTES={names}", "S3_OVERLAY_REMOTE_IMAGES_ENDPOINT=http://a.example",
            "S3_OVERLAY_CHACHE_ENABLED=true");

        Assert.Equal("S3_OVERLAY_REMOTES", Assert.Single(problems.Errors).Setting);
        Assert.Equal("S3_OVERLAY_CHACHE_ENABLED", Assert.Single(problems.Warnings).Setting);
    }

    [Fact]
    public void An_error_names_the_alias_that_was_used() =>
        Assert.Equal("AWS_REGION", ReadError("S3_OVERLAY_REMOTE_ENDPOINT=http://a.example", "AWS_REGION=a/b").Setting);

    [Theory]
    [InlineData("S3_OVERLAY_CHUNK_SIZE", "1")]
    [InlineData("S3_OVERLAY_CHUNK_SIZE", "16383")]
    [InlineData("S3_OVERLAY_CACHE_BUCKET", "Overlay_Cache")]
    [InlineData("S3_OVERLAY_CACHE_BUCKET", "ab")]
    public void What_a_store_could_never_work_with_is_an_error(string setting, string value) =>
        Assert.Equal((setting, value), ReadError("S3_OVERLAY_LOCAL_ENDPOINT=http://store.example", $"{setting}={value}") is var error
            ? (error.Setting, error.Value) : default);

    [Theory]
    [InlineData("S3_OVERLAY_REGION")]
    [InlineData("S3_OVERLAY_LOCAL_REGION")]
    [InlineData("S3_OVERLAY_REMOTE_REGION")]
    public void A_region_that_no_signature_can_name_is_an_error(string setting) =>
        Assert.All(["eu/west", "eu west", "\u00e4", "eu\u0001"], value => Assert
            .Equal(setting, ReadError("S3_OVERLAY_REMOTE_ENDPOINT=http://a.example", $"{setting}={value}").Setting));

    [Theory]
    [InlineData("")]
    [InlineData("root:x:0:0\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void A_file_of_authorities_without_a_certificate_is_an_error(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["ca.pem"], text);
        Assert.Equal("S3_OVERLAY_REMOTE_CA_FILE",
            ReadError("S3_OVERLAY_REMOTE_ENDPOINT=https://a.example", $"S3_OVERLAY_REMOTE_CA_FILE={folder["ca.pem"]}").Setting);
    }

    [Fact]
    public void The_built_in_store_takes_any_name_for_the_hidden_bucket() =>
        Assert.Equal("Overlay_Cache", Read("S3_OVERLAY_CACHE_BUCKET=Overlay_Cache").Cache.Bucket);

    [Theory]
    [Trait("Rule", "W1")]
    [InlineData("http://store.example", "http://store.example:80")]
    [InlineData("http://Store.Example.:9000", "http://store.example:9000")]
    [InlineData("https://store.example", "https://store.example:443")]
    [InlineData("http://localhost:9000", "http://127.0.0.1:9000")]
    [InlineData("http://127.0.0.1:9000", "http://[::1]:9000")]
    [InlineData("http://10.0.0.7:9000", "http://[::ffff:10.0.0.7]:9000")]
    [InlineData("https://s3.amazonaws.com", "https://s3.eu-west-1.amazonaws.com")]
    [InlineData("https://s3.cn-north-1.amazonaws.com.cn", "https://s3.cn-northwest-1.amazonaws.com.cn")]
    [InlineData("https://s3.eusc-de-east-1.amazonaws.eu", "https://s3.dualstack.eusc-de-east-1.amazonaws.eu")]
    [InlineData("https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com", "https://s3.us-east-1.amazonaws.com")]
    public void A_store_that_is_its_own_remote_is_an_error_unless_no_bucket_is_its_own(string local, string remote)
    {
        string[] both = [$"S3_OVERLAY_LOCAL_ENDPOINT={local}", $"S3_OVERLAY_REMOTE_ENDPOINT={remote}"];
        var error = ReadError(both);
        Assert.Equal("S3_OVERLAY_REMOTE_ENDPOINT", error.Setting);
        Assert.Contains("S3_OVERLAY_LOCAL_ENDPOINT", error.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_UNMAPPED=deny", error.Message, StringComparison.Ordinal);
        both = [.. both, "S3_OVERLAY_UNMAPPED=deny"];
        Read([.. both, "S3_OVERLAY_BUCKET_MAPPING=photos:archive"]);
        Assert.Equal("S3_OVERLAY_BUCKET_MAPPING", ReadError([.. both, "S3_OVERLAY_BUCKET_MAPPING=photos:archive,own:own"]).Setting);
        Assert.Equal("S3_OVERLAY_BUCKET_MAPPING", ReadError([.. both, "S3_OVERLAY_BUCKET_MAPPING=own:own/under/"]).Setting);
    }

    [Theory]
    [InlineData("http://store.example:9000", "http://store.example:9001")]
    [InlineData("http://one.example", "http://two.example")]
    [InlineData("http://10.0.0.7", "http://10.0.0.8")]
    [InlineData("https://s3.example.com", "https://s3.amazonaws.com")]
    [InlineData("https://s3.cn-north-1.amazonaws.com.cn", "https://s3.us-east-1.amazonaws.com")]
    public void Two_stores_are_an_error(string local, string remote) =>
        Read($"S3_OVERLAY_LOCAL_ENDPOINT={local}", $"S3_OVERLAY_REMOTE_ENDPOINT={remote}");

    [Fact]
    [Trait("Rule", "M1")]
    public void Of_several_remotes_each_is_looked_at()
    {
        string[] settings =
        [
            "S3_OVERLAY_LOCAL_ENDPOINT=http://store.example", "S3_OVERLAY_REMOTES=one",
            "S3_OVERLAY_REMOTE_one_ENDPOINT=http://store.example:80",
            "S3_OVERLAY_REMOTE_one_ANONYMOUS=true",
        ];
        Assert.Equal("S3_OVERLAY_REMOTE_ONE_ENDPOINT", ReadError([.. settings, "S3_OVERLAY_REMOTE_one_BACKS=*"]).Setting, ignoreCase: true);
        Assert.Equal("S3_OVERLAY_REMOTE_ONE_BACKS", ReadError([.. settings, "S3_OVERLAY_REMOTE_one_BACKS=own/prefix/"]).Setting,
            ignoreCase: true);
        Read([.. settings, "S3_OVERLAY_REMOTE_one_BACKS=own/prefix/:own/other/"]);
    }

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
    [InlineData("proxy.example.com")]
    [InlineData("10.1")]
    [InlineData("010.0.0.1")]
    [InlineData("fd00::1/8")]
    [InlineData("10.0.0.7/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10.0.0.7:8080")]
    [InlineData("*")]
    [InlineData(",")]
    public void A_proxy_that_is_no_address_cannot_be_trusted(string proxy) =>
        Assert.Contains("10.0.0.7,192.168.0.0/16,fd00::/8", ReadError($"S3_OVERLAY_TRUSTED_PROXIES={proxy}").Message,
            StringComparison.Ordinal);

    [Fact]
    public void All_proxies_that_are_no_addresses_are_named_at_once() =>
        Assert.Contains("\"one\", \"10.0.0.7/8\" is not", ReadError("S3_OVERLAY_TRUSTED_PROXIES=one, 10.0.0.1, 10.0.0.7/8").Message,
            StringComparison.Ordinal);

    [Theory, Trait("Rule", "E4")]
    [InlineData("bucket")]
    [InlineData("cache-bucket")]
    [InlineData("anything")]
    public void A_place_for_cache_entries_is_refused_in_favour_of_the_cache_bucket(string place)
    {
        var error = ReadError($"S3_OVERLAY_LOCAL_ENDPOINT=http://127.0.0.1:9000 S3_OVERLAY_CACHE_PLACE={place}".Split(' '));
        Assert.Equal("S3_OVERLAY_CACHE_PLACE", error.Setting);
        Assert.Contains("S3_OVERLAY_CACHE_BUCKET", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("S3_OVERLAY_REVALIDATE=never")]
    [InlineData("S3_OVERLAY_CACHE_MIN_USES=1")]
    [InlineData("S3_OVERLAY_CACHE_MIN_USES=2")]
    [InlineData("S3_OVERLAY_CACHE_MAX_BYTES=1GiB")]
    [InlineData("S3_OVERLAY_CACHE_MIN_FREE=0")]
    [InlineData("S3_OVERLAY_CACHE_MIN_FREE=10GiB")]
    [InlineData("S3_OVERLAY_PROXIES=1")]
    [InlineData("S3_OVERLAY_COPY_UP_MAX=0")]
    public void Settings_that_ask_for_the_default_are_fine(string setting) => Read(setting);

    [Theory]
    [InlineData("S3_OVERLAY_REVALIDATE=sometimes")]
    [InlineData("S3_OVERLAY_REVALIDATE=-5")]
    [InlineData("S3_OVERLAY_STALE_IF_ERROR=long")]
    [InlineData("S3_OVERLAY_NEGATIVE_TTL=-1s")]
    [InlineData("S3_OVERLAY_CLIENT_DIRECTIVES=perhaps")]
    [InlineData("S3_OVERLAY_CACHE_MAX_BYTES=lots")]
    [InlineData("S3_OVERLAY_CACHE_MIN_FREE=5%")]
    [InlineData("S3_OVERLAY_COPY_UP_MAX=6GiB")]
    [InlineData("S3_OVERLAY_COPY_UP_MAX=-1")]
    [InlineData("S3_OVERLAY_CACHE_MIN_USES=256")]
    [InlineData("S3_OVERLAY_CACHE_MIN_USES=0")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=photos,my photos")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=Photos/,a")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=phötos/*")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=..")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=s3://photos/*")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=/photos")]
    [InlineData("S3_OVERLAY_ANONYMOUS_READ=,")]
    public void Values_that_a_setting_cannot_have_are_errors(string setting) =>
        Assert.Equal(setting.Split('=')[0], ReadError(setting).Setting);

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a/b")]
    public void The_local_layers_key_can_be_signed_with(string key) =>
        Assert.Equal(
            "S3_OVERLAY_LOCAL_ACCESS_KEY", ReadError($"S3_OVERLAY_LOCAL_ACCESS_KEY={key}", "S3_OVERLAY_LOCAL_SECRET_KEY=s").Setting);

    /// <summary>Old buckets have capitals, underscores, consecutive dots and up to 255 characters. Those of tenants have a colon.</summary>
    [Theory]
    [InlineData("*")]
    [InlineData("photos,Old_Photos,a..b,-b,x")]
    [InlineData("photos-?/2024/*,*/public/a b/ü/*,tenant:*")]
    public void Whatever_may_be_a_bucket_may_be_readable_by_all(string patterns) => Read("S3_OVERLAY_ANONYMOUS_READ=" + patterns);

    [Fact]
    public void An_anonymous_prefix_longer_than_a_name_is_an_error()
    {
        var (bucket, key) = (new string('a', 255), new string('k', 1024));
        Read($"S3_OVERLAY_ANONYMOUS_READ={bucket}*/{key}*");
        Assert.Contains("bucket", ReadError($"S3_OVERLAY_ANONYMOUS_READ={bucket}?").Message, StringComparison.Ordinal);
        ReadError($"S3_OVERLAY_ANONYMOUS_READ=photos/{key}?");
        ReadError($"S3_OVERLAY_ANONYMOUS_READ=photos/{new string('ü', 513)}");
    }

    [Theory]
    [InlineData("S3_OVERLAY_CHUNKSIZE=5", "S3_OVERLAY_CHUNK_SIZE")]
    [InlineData("s3_overlay_remote_endpont=http://a", "S3_OVERLAY_REMOTE_ENDPOINT")]
    [InlineData("S3_OVERLAY_PROT=9000", "S3_OVERLAY_PORT")]
    [InlineData("S3_OVERLAY_AUHT=none", "S3_OVERLAY_AUTH")]
    [InlineData("S3_OVERLAY_REMOTE_ACCESS_KEY=a", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID")]
    public void An_unknown_name_is_a_warning_that_says_what_was_meant(string setting, string meant)
    {
        var (_, problems) = ReadAll(setting);

        Assert.Empty(problems.Errors);
        var warning = Assert.Single(problems.Warnings);
        Assert.Equal(setting.Split('=')[0], warning.Setting);
        Assert.Contains($"Did you mean {meant}?", warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("S3_OVERLAY_TEST")]
    [InlineData("S3_OVERLAY_CACHE_SIZE")]
    [InlineData("S3_OVERLAY_VERBOSE")]
    [InlineData("S3_OVERLAY_")]
    public void A_name_that_is_near_none_is_a_warning_that_guesses_nothing(string setting)
    {
        var warning = Assert.Single(ReadAll($"{setting}=1").Problems.Warnings);

        Assert.Equal(setting, warning.Setting);
        Assert.DoesNotContain("Did you mean", warning.Message, StringComparison.Ordinal);
    }
}
