using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Logging;

/// <summary>Requests to a bucket that logs become records in Amazon's format, in objects of another bucket.</summary>
[Trait("Rule", "W10")]
public sealed class LogRecordTests : IAsyncLifetime
{
    private LoggingScene _scene = null!;

    public async Task InitializeAsync() => _scene = await LoggingScene.StartAsync(null, ("S3_OVERLAY_ACCOUNT_ID", "123456789012"));

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [Fact]
    public async Task Each_request_is_one_record_with_Amazons_columns()
    {
        await _scene.LogAsync();
        await _scene.ExpectAsync(200, "PUT", "/src/a%20b", "12345", ("User-Agent", "agent/1 (x)"), ("Referer", "http://page/?a=b"));
        await _scene.ExpectAsync(206, "GET", "/src/a%20b?x-user=me", null, ("Range", "bytes=0-1"));
        var missing = await _scene.ExpectAsync(404, "GET", "/src/missing");
        await _scene.ExpectAsync(200, "GET", "/src?versioning");
        var records = await _scene.RecordsAsync("VERSIONING", "missing", "agent/1", "x-user");

        var put = LoggingScene.Columns(Assert.Single(records, record => record.Contains("REST.PUT.OBJECT", StringComparison.Ordinal)));
        Assert.Equal(26, put.Count);
        Assert.Equal(["src", "REST.PUT.OBJECT", "a%20b", "\"PUT /src/a%20b HTTP/1.1\"", "200", "-", "-", "5"],
            [put[1], put[6], put[7], put[8], put[9], put[10], put[11], put[12]]);
        Assert.Matches(@"^\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\]$", put[2]);
        Assert.Equal(("127.0.0.1", "arn:aws:iam::123456789012:user/minioadmin"), (put[3], put[4]));
        Assert.Equal(("\"http://page/?a=b\"", "\"agent/1 (x)\"", "SigV4", "AuthHeader"), (put[15], put[16], put[19], put[21]));

        var get = LoggingScene.Columns(Assert.Single(records, record => record.Contains("x-user", StringComparison.Ordinal)));
        Assert.Equal(("206", "2", "5"), (get[9], get[11], get[12]));
        var failed = LoggingScene.Columns(Assert.Single(records, record => record.Contains(" missing ", StringComparison.Ordinal)));
        Assert.Equal(("404", "NoSuchKey", missing.Headers["x-amz-request-id"]), (failed[9], failed[10], failed[5]));
        Assert.Contains(records, record => record.Contains("REST.GET.VERSIONING - ", StringComparison.Ordinal));
        Assert.All(records, record => Assert.Equal(26, LoggingScene.Columns(record).Count));
    }

    [Fact]
    public async Task No_text_of_a_client_can_forge_a_record_or_a_column()
    {
        await _scene.LogAsync();
        await _scene.ExpectAsync(200, "PUT", "/src/x%0Aforged%20%22line%22%0D", "1",
            ("User-Agent", "a\" 200 - \\\t\"b"), ("Referer", "\" - [x] \u00e9"));
        await _scene.ExpectAsync(404, "GET", "/src/%22y%22?x=%22\"");
        var records = await _scene.RecordsAsync("forged", "y%22");
        Assert.All(records, record => Assert.Matches(
            """^\S+ src \[[^\]]+\] \S+ \S+ \S+ REST\.\S+ \S+ "[^"\\]*(\\x[0-9A-F]{2}[^"\\]*)*" \d+ """
                + """\S+ \S+ \S+ \d+ - "[^"]*" "[^"]*"( \S+){9}$""",
            record));
        var put = LoggingScene.Columns(Assert.Single(records, record => record.Contains("forged", StringComparison.Ordinal)));
        Assert.Equal("x%0Aforged%20%22line%22%0D", put[7]);
        Assert.Equal("\"a\\x22 200 - \\x5C\\x09\\x22b\"", put[16]);
    }

    [Fact]
    public async Task A_copy_leaves_records_of_both_halves_and_DeleteObjects_one_of_each_key()
    {
        await _scene.ExpectAsync(200, "PUT", "/src/k", "text");
        await _scene.ExpectAsync(200, "PUT", "/other");
        await _scene.LogAsync();
        await _scene.ExpectAsync(200, "PUT", "/other/copy", null, ("x-amz-copy-source", "/src/k"));
        await _scene.ExpectAsync(200, "PUT", "/src/copy", null, ("x-amz-copy-source", "/src/k"));
        await _scene.ExpectAsync(200, "POST", "/src?delete",
            "<Delete><Object><Key>k</Key></Object><Object><Key>gone</Key></Object></Delete>");
        var records = await _scene.RecordsAsync("BATCH.DELETE.OBJECT gone", "COPY.OBJECT copy", "OBJECT_GET");
        Assert.Equal(2, records.Count(record => record.Contains(" src ", StringComparison.Ordinal)
            && record.Contains("REST.COPY.OBJECT_GET k ", StringComparison.Ordinal)));
        Assert.Single(records, record => record.Contains("REST.COPY.OBJECT copy ", StringComparison.Ordinal));
        Assert.Single(records, record => record.Contains("REST.POST.MULTI_OBJECT_DELETE - ", StringComparison.Ordinal));
        Assert.Single(records, record => record.Contains("BATCH.DELETE.OBJECT k - 204 - - - ", StringComparison.Ordinal));
        Assert.DoesNotContain(records, record => Regex.IsMatch(record, @"^\S+ (other|logs) "));
    }

    [Fact]
    public async Task A_version_id_that_none_can_have_is_cut()
    {
        await _scene.LogAsync();
        await _scene.ExpectAsync(200, "POST", "/src?delete",
            $"<Delete><Object><Key>k</Key><VersionId>{new string('v', 5000)}</VersionId></Object></Delete>");
        var records = await _scene.RecordsAsync("BATCH.DELETE.OBJECT k");
        var record = Assert.Single(records, record => record.Contains("BATCH.DELETE.OBJECT k", StringComparison.Ordinal));
        Assert.Equal(new string('v', 1024), LoggingScene.Columns(record)[17]);
    }

    [Fact]
    public async Task Unsigned_and_presigned_requests_and_ACLs_are_told()
    {
        await _scene.ExpectAsync(204, "DELETE", "/src?publicAccessBlock");
        await _scene.ExpectAsync(200, "PUT", "/src?ownershipControls",
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>");
        await _scene.ExpectAsync(200, "PUT", "/src/open", "text", ("x-amz-acl", "public-read"));
        await _scene.ExpectAsync(200, "PUT", "/src/closed", "text");
        await _scene.LogAsync();
        var http = _scene.Proxy.Http;
        Assert.Equal(200, (await http.SendUnsignedAsync("GET", "/src/open")).Status);
        Assert.Equal(403, (await http.SendUnsignedAsync("GET", "/src/closed")).Status);
        await _scene.ExpectAsync(200, "GET", "/src/open?x-mine=1");
        var records = await _scene.RecordsAsync("closed", "x-mine", "/src/open HTTP");
        var open = LoggingScene.Columns(Assert.Single(records, record => record.Contains("/src/open HTTP", StringComparison.Ordinal)));
        Assert.Equal(("-", "-", "-", "Yes"), (open[4], open[19], open[21], open[25]));
        var closed = LoggingScene.Columns(Assert.Single(records, record => record.Contains("closed", StringComparison.Ordinal)));
        Assert.Equal(("-", "403", "AccessDenied", "-"), (closed[4], closed[9], closed[10], closed[25]));
        var own = LoggingScene.Columns(Assert.Single(records, record => record.Contains("x-mine", StringComparison.Ordinal)));
        Assert.Equal(("SigV4", "-"), (own[19], own[25]));
    }

    [Fact]
    public async Task Keys_have_the_form_that_was_asked_for()
    {
        await _scene.LogAsync();
        await _scene.RecordsAsync("LOGGING_STATUS");
        Assert.Matches(@"^log/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$", Assert.Single(await _scene.KeysAsync()));

        await _scene.LogAsync("del/", "<TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>DeliveryTime</PartitionDateSource>"
            + "</PartitionedPrefix></TargetObjectKeyFormat>");
        await _scene.ExpectAsync(200, "PUT", "/src/b", "1");
        await _scene.RecordsAsync("OBJECT b ");
        Assert.Contains(await _scene.KeysAsync(), key => Regex.IsMatch(
            key, @"^del/123456789012/us-east-1/src/(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-(?!00-00-00)\d\d-\d\d-\d\d-[0-9A-F]{16}$"));

        await _scene.LogAsync("", "<TargetObjectKeyFormat><PartitionedPrefix/></TargetObjectKeyFormat>");
        await _scene.ExpectAsync(200, "PUT", "/src/c", "1");
        await _scene.RecordsAsync("OBJECT c ");
        Assert.Contains(await _scene.KeysAsync(), key => Regex.IsMatch(
            key, @"^123456789012/us-east-1/src/(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-00-00-00-[0-9A-F]{16}$"));
        Assert.Contains("<PartitionDateSource>EventTime</PartitionDateSource>", (await _scene.ExpectAsync(200, "GET", "/src?logging")).Text,
            StringComparison.Ordinal);
    }
}
