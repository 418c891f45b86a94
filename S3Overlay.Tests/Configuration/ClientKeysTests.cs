using System.Text;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Configuration;

[Trait("Rule", "A2")]
public sealed class ClientKeysTests : OptionsTestBase
{
    private const string Remote = "S3_OVERLAY_REMOTE_ENDPOINT=http://store.example";
    private const string Everywhere = "urls=http://0.0.0.0:8000";

    [Fact]
    public void Keys_of_the_clients_own_win_over_those_of_local()
    {
        var clients = Read("S3_OVERLAY_ACCESS_KEY=me", "S3_OVERLAY_SECRET_KEY=mine", "S3_OVERLAY_LOCAL_ACCESS_KEY=l",
            "S3_OVERLAY_LOCAL_SECRET_KEY=s").Clients;

        Assert.Equal(("me", "mine"), Assert.Single(clients.Keys) is var key ? (key.AccessKey, key.SecretKey) : default);
        Assert.Equal("S3_OVERLAY_ACCESS_KEY", clients.KeysOrigin);
        Assert.False(clients.HasDefaultKeys);
    }

    [Fact]
    public void Without_keys_of_their_own_clients_sign_with_those_of_local()
    {
        var clients = Read("S3_OVERLAY_LOCAL_ACCESS_KEY=l", "S3_OVERLAY_LOCAL_SECRET_KEY=s").Clients;

        Assert.Equal("l", Assert.Single(clients.Keys).AccessKey);
        Assert.Equal("S3_OVERLAY_LOCAL_ACCESS_KEY", clients.KeysOrigin);
    }

    [Fact]
    public void AWS_names_open_no_front_door_without_a_local_endpoint()
    {
        var (options, _) = ReadAll("AWS_ACCESS_KEY_ID=production", "AWS_SECRET_ACCESS_KEY=secret", "S3_OVERLAY_REMOTE_REGION=eu-1");

        Assert.Equal("minioadmin", options.Local.AccessKey);
        Assert.Equal("minioadmin", Assert.Single(options.Clients.Keys).AccessKey);
    }

    [Fact]
    public void AWS_names_open_no_front_door_while_the_remote_may_need_them()
    {
        var (options, _) = ReadAll(
            "S3_OVERLAY_LOCAL_ENDPOINT=http://127.0.0.1:9000", "AWS_ACCESS_KEY_ID=production", "AWS_SECRET_ACCESS_KEY=secret",
            "S3_OVERLAY_REMOTE_REGION=eu-1");

        Assert.Equal("minioadmin", options.Local.AccessKey);
    }

    [Fact]
    public void AWS_names_are_those_of_a_local_endpoint_where_the_remote_has_its_own()
    {
        var (options, _) = ReadAll(
            "S3_OVERLAY_LOCAL_ENDPOINT=http://127.0.0.1:9000", "AWS_ACCESS_KEY_ID=store", "AWS_SECRET_ACCESS_KEY=secret",
            "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=a", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=b");

        Assert.Equal(("store", "secret"), (options.Local.AccessKey, options.Local.SecretKey));
    }

    [Theory]
    [InlineData("S3_OVERLAY_ACCESS_KEY=me", "S3_OVERLAY_SECRET_KEY")]
    [InlineData("S3_OVERLAY_SECRET_KEY=mine", "S3_OVERLAY_ACCESS_KEY")]
    [InlineData("S3_OVERLAY_LOCAL_ACCESS_KEY=me", "S3_OVERLAY_LOCAL_SECRET_KEY")]
    [InlineData("S3_OVERLAY_LOCAL_SECRET_KEY=mine", "S3_OVERLAY_LOCAL_ACCESS_KEY")]
    public void Half_a_key_is_an_error(string setting, string missing) =>
        Assert.Contains(missing, ReadError(setting).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("S3_OVERLAY_ACCESS_KEY", "S3_OVERLAY_ACCESS_KEY=a/b", "S3_OVERLAY_SECRET_KEY=s")]
    [InlineData("S3_OVERLAY_LOCAL_ACCESS_KEY", "S3_OVERLAY_LOCAL_ACCESS_KEY=a/b", "S3_OVERLAY_LOCAL_SECRET_KEY=s")]
    [InlineData("ConnectionStrings__local", "ConnectionStrings:local=Endpoint=http://store.example;AccessKey=a/b;SecretKey=s")]
    [InlineData(
        "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID=a/b", "AWS_SECRET_ACCESS_KEY=s", "S3_OVERLAY_LOCAL_ENDPOINT=http://store.example",
        "S3_OVERLAY_REMOTE_ENDPOINT=http://remote.example", "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=a", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=b")]
    public void An_unusable_key_is_reported_with_its_source(string setting, params string[] settings) =>
        Assert.Equal((setting, "a/b"), ReadError(settings) is var error ? (error.Setting, error.Value) : default);

    [Fact]
    public void Default_keys_do_not_guard_a_remote_that_others_can_reach()
    {
        Assert.Contains("S3_OVERLAY_ALLOW_DEFAULT_KEYS", ReadError(Remote, Everywhere).Message, StringComparison.Ordinal);
        Assert.Equal("S3_OVERLAY_AUTH",
            ReadError(Remote, Everywhere, "S3_OVERLAY_AUTH=none", "S3_OVERLAY_ACCESS_KEY=a", "S3_OVERLAY_SECRET_KEY=b").Setting);
        Read(Remote);
        Read(Remote, "S3_OVERLAY_AUTH=none");
        Read(Remote, Everywhere, "S3_OVERLAY_ALLOW_DEFAULT_KEYS=true");
        Read(Remote, Everywhere, "S3_OVERLAY_ACCESS_KEY=a", "S3_OVERLAY_SECRET_KEY=b");
    }

    [Fact]
    public void Default_keys_on_the_network_without_a_remote_are_a_warning() =>
        Assert.Equal("S3_OVERLAY_ACCESS_KEY", Assert.Single(ReadAll(Everywhere).Problems.Warnings).Setting);

    [Fact]
    public void A_keys_file_takes_the_place_of_the_default_key()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file,
                """[{"accessKey": "reader", "secretKey": "s1", "rights": {"photos-*": "read"}}, """
                + """{"accessKey": "root", "secretKey": "s2", "rights": {"*": "write"}, "admin": true}]""");
            var clients = Read($"S3_OVERLAY_KEYS_FILE={file}").Clients;

            Assert.Equal(["reader", "root"], clients.Keys.Select(key => key.AccessKey));
            Assert.Equal([false, true], clients.Keys.Select(key => key.IsAdministrator));
            Assert.False(clients.HasDefaultKeys);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("{}", "JSON list")]
    [InlineData("[]", "no key")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {"*": "everything"}}]""", "entry 1 (a) needs rights")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush"}]""", "entry 1 (a) needs rights")]
    [InlineData("""[{"accessKey": "a", "rights": {"*": "read"}}]""", "entry 1 (a) lacks")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "right": {"*": "read"}}]""", "has \"right\"")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush" "rights"]""", "not JSON")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {}}, {"accessKey": "a", "secretKey": "hush", "rights": {}}]""",
        "entry 2 (a) is there twice")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "secretKey": "hush too", "rights": {}}]""",
        "entry 1 (a) has \"secretKey\" twice")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {}, "rights": {"*": "read"}}]""", "entry 1 (a) has \"rights\" twice")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {"b": "read", "b": "write"}}]""",
        "entry 1 (a) has \"b\" in \"rights\" twice")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {"photos/": "read", "s3://photos/*": "read", "*": "read"}}]""",
        "entry 1 (a) has rights on \"photos/\", \"s3://photos/*\", which no bucket")]
    [InlineData(
        """[{"accessKey": "a", "secretKey": "hush", "rights": {}, "local": {"accessKey": "x", "accessKey": "y", "secretKey": "hush"}}]""",
        "has \"accessKey\" in \"local\" twice")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {}, "local": "hush"}]""", "\"local\" that is not an object")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {}, "local": {"accessKey": "x", "secret": "hush"}}]""",
        "lacks accessKey or secretKey in \"local\"")]
    [InlineData("""[{"accessKey": "a", "secretKey": "hush", "rights": {}, "local": {"accessKey": "x/y", "secretKey": "hush"}}]""", "slash")]
    [InlineData(
        """[{"accessKey": "a", "secretKey": "hush", "rights": {}, "local": """
        + """{"accessKey": "x", "secretKey": "hush", "sessionToken": "hush\n"}}]""", "sessionToken in \"local\"")]
    public void A_bad_keys_file_says_what_is_wrong_and_no_secret(string json, string expected)
    {
        var problem = Assert.Throws<FormatException>(() => KeysFile.Parse(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_with_a_keys_file_is_said_at_once()
    {
        var problem = Assert.Throws<FormatException>(() => KeysFile.Parse("""
            [
              { "accessKey": "a", "secretKey": "s", "rights": { "*": "all" }, "local": { "accessKey": "x" }, "colour": "red" },
              { "accessKey": "b", "secretKey": "s", "rights": { "*": "read" } },
              "c"
            ]
            """u8.ToArray()));

        Assert.Equal(
            "entry 1 (a) has \"colour\"; known are accessKey, secretKey, rights, admin, local, id, displayName; "
            + "entry 1 (a) needs rights such as {\"*\": \"write\"} or {\"photos-*\": \"read\"}; "
            + "entry 1 (a) lacks accessKey or secretKey in \"local\"; entry 3 is not an object.",
            problem.Message);
    }

    [Fact]
    public void Keys_at_the_store_need_a_store_and_distinct_clients()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file,
                """[{"accessKey": "a", "secretKey": "s", "rights": {"*": "read"}, "local": """
                + """{"accessKey": "x", "secretKey": "hush", "sessionToken": "t"}}]""");
            var (keys, store) = ($"S3_OVERLAY_KEYS_FILE={file}", "S3_OVERLAY_LOCAL_ENDPOINT=http://store.example");
            Assert.Equal(
                ("x", "hush", "t"), Read(keys, store).Clients.Keys[0].Local is { } local
                    ? (local.AccessKey, local.SecretKey, local.SessionToken) : default);
            Assert.Contains("S3_OVERLAY_LOCAL_ENDPOINT", ReadError(keys).Message, StringComparison.Ordinal);
            Assert.Contains("S3_OVERLAY_AUTH", ReadError(keys, store, "S3_OVERLAY_AUTH=none").Message, StringComparison.Ordinal);
            Assert.All(ReadAll(keys, "S3_OVERLAY_AUTH=none").Problems.Errors,
                error => Assert.DoesNotContain("hush", error.ToString(), StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(S3Operation.GetObject, "photos-1", "a", true)]
    [InlineData(S3Operation.ListObjectsV2, "photos-1", "", true)]
    [InlineData(S3Operation.PutObject, "photos-1", "a", false)]
    [InlineData(S3Operation.DeleteObject, "photos-1", "a", false)]
    [InlineData(S3Operation.Unknown, "photos-1", "a", false)]
    [InlineData(S3Operation.GetObject, "other", "a", false)]
    [InlineData(S3Operation.PutObject, "drop", "in/a/b", true)]
    [InlineData(S3Operation.GetObject, "drop", "in/a/b", true)]
    [InlineData(S3Operation.PutObject, "drop", "out/a", false)]
    [InlineData(S3Operation.ListObjects, "drop", "", false)]
    [InlineData(S3Operation.DeleteBucket, "drop", "", false)]
    [InlineData(S3Operation.ListBuckets, "", "", true)]
    public void Rights_hold_for_what_their_pattern_names(S3Operation operation, string bucket, string key, bool allowed)
    {
        var rights = new AccessRights([new("k", "s", [new("photos-*", AccessRight.Read), new("drop/in/*", AccessRight.Write)], false)]);

        Assert.Equal(allowed, rights.May(new S3Caller("k"), operation, bucket, key));
        Assert.False(rights.May(new S3Caller("unknown"), operation, bucket, key));
        Assert.False(rights.May(S3Caller.Anonymous, operation, bucket, key));
    }

    [Fact]
    public void Without_authentication_everyone_may_everything() =>
        Assert.True(new AccessRights([], everyoneMayEverything: true).May(S3Caller.Anonymous, S3Operation.DeleteBucket, "b", ""));

    [Fact]
    [Trait("Rule", "A4")]
    public void A_key_does_not_show_its_secret() =>
        Assert.DoesNotContain(
            "hush", new ClientKey("a", "hush", ClientKey.Everything, true) { Local = new SigningCredentials("b", "hush", "hush") }
                .ToString(), StringComparison.Ordinal);
}
