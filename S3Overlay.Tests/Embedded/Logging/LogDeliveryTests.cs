using S3Overlay.Tests.Contract.Access;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Logging;

/// <summary>Logs are set, and delivered, only where the target lets them in.</summary>
[Trait("Rule", "W10")]
public sealed class LogDeliveryTests
{
    [Fact]
    public async Task Logging_can_be_set_read_and_turned_off()
    {
        await using var scene = await LoggingScene.StartAsync();
        Assert.DoesNotContain("LoggingEnabled", (await scene.ExpectAsync(200, "GET", "/src?logging")).Text, StringComparison.Ordinal);
        await scene.LogAsync("a&amp;b/");
        var document = (await scene.ExpectAsync(200, "GET", "/src?logging")).Text;
        Assert.Contains("<TargetBucket>logs</TargetBucket><TargetPrefix>a&amp;b/</TargetPrefix></LoggingEnabled>", document,
            StringComparison.Ordinal);
        await scene.ExpectAsync(200, "PUT", "/src?logging", LoggingScene.Logging("&#1;&#13; &#x1F600;"));
        Assert.Contains("&#x1;", (await scene.ExpectAsync(200, "GET", "/src?logging")).Text, StringComparison.Ordinal);
        await scene.ExpectAsync(200, "PUT", "/src?logging", "<BucketLoggingStatus/>");
        Assert.DoesNotContain("LoggingEnabled", (await scene.ExpectAsync(200, "GET", "/src?logging")).Text, StringComparison.Ordinal);
        await scene.ExpectAsync(200, "PUT", "/src/late", "1");
        await scene.RecordsAsync("LOGGING_STATUS");
        Assert.DoesNotContain(await scene.RecordsAsync(), record => record.Contains(" late ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nowhere", "", 400, "InvalidTargetBucketForLogging")]
    [InlineData("locked", "", 400, "InvalidTargetBucketForLogging")]
    [InlineData("acls", "", 400, "InvalidTargetBucketForLogging")]
    [InlineData("elsewhere", "", 403, "CrossLocationLoggingProhibited")]
    [InlineData("logs", "<TargetGrants/><TargetGrants/>", 400, "MalformedXML")]
    [InlineData("logs", "<TargetObjectKeyFormat/>", 400, "MalformedXML")]
    [InlineData("logs", "<LoggingType>Journal</LoggingType>", 400, "MalformedXML")]
    [InlineData("logs", "<TargetObjectKeyFormat><SimplePrefix/><PartitionedPrefix/></TargetObjectKeyFormat>", 400, "MalformedXML")]
    [InlineData("logs", "<TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>x</PartitionDateSource></PartitionedPrefix>"
        + "</TargetObjectKeyFormat>", 400, "MalformedXML")]
    [InlineData("", "", 400, "MalformedXML")]
    public async Task What_cannot_work_is_refused(string target, string more, int status, string code)
    {
        await using var scene = await LoggingScene.StartAsync();
        await scene.ExpectAsync(200, "PUT", "/locked", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await scene.ExpectAsync(200, "PUT", "/acls", null, ("x-amz-object-ownership", "ObjectWriter"));
        await scene.ExpectAsync(200, "PUT", "/elsewhere",
            "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>");
        var answer = await scene.ExpectAsync(status, "PUT", "/src?logging", LoggingScene.Logging(target: target, more: more));
        Assert.Equal(code, answer.Code);
        Assert.DoesNotContain("LoggingEnabled", (await scene.ExpectAsync(200, "GET", "/src?logging")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logs/*", "src", "", true)]
    [InlineData("logs/log/*", "src", "", true)]
    [InlineData("logs/log/", "s*", "", true)]
    [InlineData("logs/log?", "src", "", false)]
    [InlineData("logs/other/*", "src", "", false)]
    [InlineData("logs/other/*", "src", ",{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"logging.s3.amazonaws.com\"},"
        + "\"Action\":\"s3:PutObject\",\"NotResource\":\"arn:aws:s3:::logs/log/?*\"}", false)]
    [InlineData("logs/*", "another", "", false)]
    [InlineData("logs/*", "src", ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:Put*\",\"Resource\":\"arn:aws:s3:::logs/*\"}",
        false)]
    [InlineData("logs/*", "src", ",{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:Put*\",\"Resource\":\"arn:aws:s3:::logs/*\","
        + "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}}", true)]
    public async Task The_policy_decides_about_each_object(string resource, string source, string more, bool isAllowed)
    {
        await using var scene = await LoggingScene.StartAsync();
        await scene.ExpectAsync(204, "PUT", "/logs?policy", LoggingScene.Policy(resource, source, more));
        await scene.ExpectAsync(200, "PUT", "/src?logging", LoggingScene.Logging());
        if (isAllowed)
        {
            await scene.RecordsAsync("LOGGING_STATUS");
            Assert.Equal(0, await scene.LostAsync());
            return;
        }

        await Patience.UntilAsync(
            async () =>
            {
                scene.Time.Advance(TimeSpan.FromMinutes(5));
                return await scene.LostAsync() > 0;
            },
            "Nothing is lost.");
        Assert.Empty(await scene.KeysAsync());

        // Once it is allowed, new records arrive.
        await scene.ExpectAsync(204, "PUT", "/logs?policy", LoggingScene.Policy());
        await scene.ExpectAsync(200, "PUT", "/src/later", "1");
        Assert.DoesNotContain(await scene.RecordsAsync(" later "), record => record.Contains("LOGGING", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_for_everybody_does_not_name_the_delivery()
    {
        await using var scene = await LoggingScene.StartAsync();
        await scene.ExpectAsync(204, "DELETE", "/logs?publicAccessBlock");
        await scene.ExpectAsync(204, "PUT", "/logs?policy", """
            {"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}]}
            """);
        await scene.ExpectAsync(200, "PUT", "/src?logging", LoggingScene.Logging());
        await Patience.UntilAsync(
            async () =>
            {
                scene.Time.Advance(TimeSpan.FromMinutes(5));
                return await scene.LostAsync() > 0;
            },
            "Nothing is lost.");
        Assert.Empty(await scene.KeysAsync());
    }

    [Fact]
    public async Task Grants_and_the_log_delivery_group_work_where_there_are_ACLs()
    {
        await using var scene = await LoggingScene.StartAsync(null, ("S3_OVERLAY_NEW_BUCKETS", "acl"));
        await scene.ExpectAsync(200, "PUT", "/logs?acl", null, ("x-amz-acl", "log-delivery-write"));
        await scene.ExpectAsync(200, "PUT", "/src?logging", LoggingScene.Logging(more: """
            <TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">
            <URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></TargetGrants>
            """));
        Assert.Contains("AllUsers", (await scene.ExpectAsync(200, "GET", "/src?logging")).Text, StringComparison.Ordinal);
        await scene.RecordsAsync("LOGGING_STATUS");
        var key = (await scene.KeysAsync())[0];
        Assert.Equal(200, (await scene.Proxy.Http.SendUnsignedAsync("GET", "/logs/" + key)).Status);
        Assert.Contains("FULL_CONTROL", (await scene.ExpectAsync(200, "GET", $"/logs/{key}?acl")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buckets_of_others_get_no_logs()
    {
        await using var scene = await AccessScene.StartAsync(hasAcls: false);
        await AccessScene.ExpectAsync(200, scene.Alt, "PUT", "/bbb");
        await AccessScene.ExpectAsync(204, scene.Alt, "PUT", "/bbb?policy",
            AccessScene.Policy("Allow", """{"Service":"logging.s3.amazonaws.com"}""", "s3:PutObject"));
        await AccessScene.ExpectAsync(200, scene.Main, "PUT", "/src");
        var refused = await AccessScene.ExpectAsync(400, scene.Main, "PUT", "/src?logging", LoggingScene.Logging(target: "bbb"));
        Assert.Equal("InvalidTargetBucketForLogging", refused.Code);
    }

    [Fact]
    public async Task A_bucket_that_another_account_made_under_the_name_gets_nothing()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "owner" }, "id": "main-id" },
              { "accessKey": "alt", "secretKey": "alt-here", "rights": { "*": "owner" }, "id": "alt-id" } ]
            """);
        await using var scene = await LoggingScene.StartAsync(null, ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        var alt = new SignedHttp(scene.Proxy.Endpoint, "alt", "alt-here") { Clock = scene.Time };
        await scene.LogAsync();
        foreach (var target in (string[])["/src", "/logs"])
        {
            await scene.ExpectAsync(204, "DELETE", target);
        }

        await AccessScene.ExpectAsync(200, alt, "PUT", "/logs");
        await AccessScene.ExpectAsync(204, alt, "PUT", "/logs?policy", LoggingScene.Policy());
        await Patience.UntilAsync(
            async () =>
            {
                scene.Time.Advance(TimeSpan.FromMinutes(5));
                return await scene.LostAsync() > 0;
            },
            "Nothing is lost.");
        Assert.DoesNotContain("<Key>", (await AccessScene.ExpectAsync(200, alt, "GET", "/logs")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grants_to_everybody_are_refused_where_each_log_object_would_be()
    {
        await using var scene = await LoggingScene.StartAsync();
        await scene.ExpectAsync(200, "PUT", "/acls", null, ("x-amz-object-ownership", "ObjectWriter"), ("x-amz-acl", "log-delivery-write"));
        const string Grants = """
            <TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">
            <URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></TargetGrants>
            """;
        var logging = LoggingScene.Logging(target: "acls", more: Grants);
        Assert.Equal("AccessDenied", (await scene.ExpectAsync(403, "PUT", "/src?logging", logging)).Code);
        await scene.ExpectAsync(204, "DELETE", "/acls?publicAccessBlock");
        await scene.ExpectAsync(200, "PUT", "/src?logging", logging);
    }

    [Fact]
    public async Task A_bucket_with_a_remote_logs_too_and_its_log_stays_here()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("src", "theirs", "remote"u8.ToArray());
        remote.Put("logs", "theirs", "remote"u8.ToArray());
        await using var scene = await LoggingScene.StartAsync(remote.Endpoint);
        await scene.LogAsync();
        await scene.ExpectAsync(200, "GET", "/src/theirs");
        var records = await scene.RecordsAsync("OBJECT theirs ");
        Assert.Contains(records, record => record.Contains("REST.GET.OBJECT theirs \"GET /src/theirs HTTP/1.1\" 200 - 6 6 ",
            StringComparison.Ordinal));
        var key = (await scene.KeysAsync())[0];
        Assert.Equal("local", (await scene.ExpectAsync(200, "GET", "/logs/" + key)).Headers["x-s3overlay-layer"]);
    }

    [Fact]
    public async Task A_bucket_may_log_to_itself_without_logging_the_log()
    {
        await using var scene = await LoggingScene.StartAsync();
        await scene.ExpectAsync(204, "PUT", "/logs?policy", LoggingScene.Policy(source: "logs"));
        await scene.ExpectAsync(200, "PUT", "/logs?logging", LoggingScene.Logging());
        await scene.RecordsAsync("LOGGING_STATUS");
        Assert.DoesNotContain(await scene.RecordsAsync("REST.GET.OBJECT"),
            record => record.Contains("REST.PUT.OBJECT", StringComparison.Ordinal));
    }
}
