using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>Locked versions stay, whatever becomes of clock, log and database.</summary>
[Trait("Rule", "V5")]
public sealed class ObjectLockTests : IAsyncLifetime
{
    private const string Day = "<Days>1</Days>";

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync();
        await _bench.SendAsync(S3Operation.DeleteBucket, "");
        await _bench.SendAsync(S3Operation.CreateBucket, "", null, "", ("x-amz-bucket-object-lock-enabled", "true"));
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_bucket_with_object_lock_keeps_versions_for_ever()
    {
        Assert.Equal("Enabled", Text(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "versioning"), "Status"));
        Assert.Equal("Enabled", Text(await ConfigurationAsync(), "ObjectLockEnabled"));
        Assert.Equal("InvalidBucketState", await _bench.FailAsync(S3Operation.PutBucketConfiguration, "",
            TextBody("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"), "versioning"));
    }

    [Theory]
    [InlineData("<Mode>GOVERNANCE</Mode>", "MalformedXML")]
    [InlineData("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>", "MalformedXML")]
    [InlineData("<Mode>governance</Mode><Days>1</Days>", "MalformedXML")]
    [InlineData("<Days>1</Days>", "MalformedXML")]
    [InlineData("<Mode>GOVERNANCE</Mode><Days>1.5</Days>", "MalformedXML")]
    [InlineData("<Mode>GOVERNANCE</Mode><Days>99999999999999999999</Days>", "MalformedXML")]
    [InlineData("<Mode>GOVERNANCE</Mode><Days>0</Days>", "InvalidRetentionPeriod")]
    [InlineData("<Mode>COMPLIANCE</Mode><Years>-1</Years>", "InvalidRetentionPeriod")]
    [InlineData("<Mode>COMPLIANCE</Mode><Days>36501</Days>", "InvalidRetentionPeriod")]
    [InlineData("<Mode>COMPLIANCE</Mode><Years>101</Years>", "InvalidRetentionPeriod")]
    public async Task A_wrong_default_is_refused(string retention, string error)
    {
        Assert.Equal(error,
            await _bench.FailAsync(S3Operation.PutBucketConfiguration, "", TextBody(Configuration(retention)), "object-lock"));
        Assert.DoesNotContain("Rule", Xml(await ConfigurationAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<ObjectLockConfiguration/>")]
    [InlineData("<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>")]
    [InlineData("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/></ObjectLockConfiguration>")]
    [InlineData("<Other><ObjectLockEnabled>Enabled</ObjectLockEnabled></Other>")]
    public async Task A_wrong_configuration_is_refused(string document) => Assert.Equal("MalformedXML",
        await _bench.FailAsync(S3Operation.PutBucketConfiguration, "", TextBody(document), "object-lock"));

    [Fact]
    public async Task New_versions_get_the_default_retention()
    {
        var before = await PutAsync("k");
        await ConfigureAsync("<Mode>COMPLIANCE</Mode>" + Day);
        var version = await PutAsync("k");
        var own = await PutAsync("own", Retention("GOVERNANCE", days: 7));
        var held = await PutAsync("held", ("x-amz-object-lock-legal-hold", "OFF"));
        var copy = await VersionOf(_bench.SendAsync(S3Operation.CopyObject, "copy", null, "", ("x-amz-copy-source", "/bucket/own")));
        var parted = await MultipartAsync("parted");

        Assert.Null(await LockAsync("k", before));
        var end = Until(days: 1);
        Assert.Equal($"COMPLIANCE {end} ", await LockAsync("k", version));
        Assert.Equal($"GOVERNANCE {Until(7)} ", await LockAsync("own", own));
        Assert.Equal($"COMPLIANCE {end} OFF", await LockAsync("held", held));
        Assert.Equal($"COMPLIANCE {end} ", await LockAsync("copy", copy));
        Assert.Equal($"COMPLIANCE {end} ", await LockAsync("parted", parted));

        await ConfigureAsync("");
        Assert.Null(await LockAsync("later", await PutAsync("later")));
        await ConfigureAsync("<Mode>GOVERNANCE</Mode><Years>2</Years>");
        Assert.Equal($"GOVERNANCE {Iso(_bench.Time.GetUtcNow().AddYears(2))} ", await LockAsync("k", await PutAsync("k")));
    }

    [Fact]
    public async Task A_locked_version_cannot_be_deleted_until_its_retention_ends()
    {
        var version = await PutAsync("k", Retention("COMPLIANCE", days: 1));
        Assert.Equal("AccessDenied", await DeleteAsync("k", version));
        Assert.Equal("AccessDenied", await DeleteAsync("k", version, bypasses: true));
        Assert.Equal("BucketNotEmpty", await _bench.FailAsync(S3Operation.DeleteBucket, ""));

        // A delete without a version only hides it.
        Assert.Null(await DeleteAsync("k", null));
        Assert.Equal("AccessDenied", await DeleteAsync("k", version));
        _bench.Time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.Equal("AccessDenied", await DeleteAsync("k", version));
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await DeleteAsync("k", version));
    }

    [Fact]
    public async Task Only_a_bypass_ends_governance_and_nothing_a_legal_hold()
    {
        var version = await PutAsync("k", [.. Retention("GOVERNANCE", days: 1), ("x-amz-object-lock-legal-hold", "ON")]);
        Assert.Equal("AccessDenied", await DeleteAsync("k", version, bypasses: true));
        await HoldAsync("k", "OFF");
        Assert.Equal("AccessDenied", await DeleteAsync("k", version));
        Assert.Null(await DeleteAsync("k", version, bypasses: true));
    }

    [Fact]
    public async Task DeleteObjects_reports_locked_versions()
    {
        var locked = await PutAsync("locked", Retention("GOVERNANCE", days: 1));
        var free = await PutAsync("free");
        var document = $"<Delete><Object><Key>locked</Key><VersionId>{locked}</VersionId></Object>"
            + $"<Object><Key>free</Key><VersionId>{free}</VersionId></Object></Delete>";
        var result = Xml(await _bench.SendAsync(S3Operation.DeleteObjects, "", TextBody(document), "delete", ("Content-MD5", "x")));
        Assert.Equal(["Deleted free", "Error locked"], result.Elements().Select(static element => element.Name.LocalName + " "
            + element.Elements().First(static child => child.Name.LocalName == "Key").Value).Order());
        Assert.Contains("AccessDenied", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_retention_can_only_get_longer()
    {
        await PutAsync("k", Retention("GOVERNANCE", days: 2));
        Assert.Equal("AccessDenied", await RetainAsync("k", "GOVERNANCE", days: 1));
        Assert.Equal("AccessDenied", await RetainAsync("k", "COMPLIANCE", days: 2));
        Assert.Equal("AccessDenied", await RetainAsync("k", null, days: 0));
        Assert.Null(await RetainAsync("k", "GOVERNANCE", days: 3));
        Assert.Null(await RetainAsync("k", "GOVERNANCE", days: 1, bypasses: true));
        Assert.Null(await RetainAsync("k", null, days: 0, bypasses: true));
        Assert.Equal("NoSuchObjectLockConfiguration", await _bench.FailAsync(S3Operation.GetObjectRetention, "k"));
        Assert.Null(await RetainAsync("k", "COMPLIANCE", days: 2));
        Assert.Equal("AccessDenied", await RetainAsync("k", "COMPLIANCE", days: 1, bypasses: true));
        Assert.Equal("AccessDenied", await RetainAsync("k", "GOVERNANCE", days: 9, bypasses: true));
        Assert.Null(await RetainAsync("k", "COMPLIANCE", days: 3));
        _bench.Time.Advance(TimeSpan.FromDays(3));
        Assert.Null(await RetainAsync("k", "GOVERNANCE", days: 1));
        Assert.Equal($"GOVERNANCE {Until(1)}", string.Join(' ', Xml(await _bench.SendAsync(S3Operation.GetObjectRetention, "k"))
            .Elements().Select(static element => element.Value)));
    }

    [Theory]
    [InlineData("<Retention><Mode>GOVERNANCE</Mode></Retention>", "MalformedXML")]
    [InlineData("<Retention><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>", "MalformedXML")]
    [InlineData("<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>soon</RetainUntilDate></Retention>", "MalformedXML")]
    [InlineData("<Retention><Mode>abc</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>", "MalformedXML")]
    [InlineData("<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2000-01-01T00:00:00Z</RetainUntilDate></Retention>", "InvalidArgument")]
    [InlineData("<Other/>", "MalformedXML")]
    [InlineData("", "MissingRequestBodyError")]
    public async Task A_wrong_retention_is_refused(string document, string error)
    {
        await PutAsync("k");
        Assert.Equal(error, await _bench.FailAsync(S3Operation.PutObjectRetention, "k", TextBody(document), "retention"));
    }

    [Theory]
    [InlineData("mode", "GOVERNANCE", "InvalidArgument")]
    [InlineData("retain-until-date", "2999-01-01T00:00:00Z", "InvalidArgument")]
    [InlineData("legal-hold", "on", "InvalidArgument")]
    [InlineData("event-hold", "ON", "NotImplemented")]
    public async Task Wrong_headers_are_refused(string header, string value, string error)
    {
        foreach (var operation in (S3Operation[])[S3Operation.PutObject, S3Operation.CreateMultipartUpload])
        {
            Assert.Equal(error, await _bench.FailAsync(
                operation, "k", TextBody("x"), "", ("x-amz-object-lock-" + header, value), ("Content-MD5", "x")));
        }
    }

    [Fact]
    public async Task A_put_with_a_lock_needs_a_checksum() => Assert.Equal("InvalidRequest", await _bench.FailAsync(
        S3Operation.PutObject, "k", TextBody("x"), "", ("x-amz-object-lock-legal-hold", "ON")));

    [Fact]
    public async Task A_delete_marker_has_no_lock()
    {
        await PutAsync("k");
        var marker = await VersionOf(_bench.SendAsync(S3Operation.DeleteObject, "k"));
        Assert.Equal("MethodNotAllowed", await _bench.FailAsync(S3Operation.GetObjectLegalHold, "k", null, "versionId=" + marker));
        Assert.Equal("NoSuchKey", await _bench.FailAsync(S3Operation.GetObjectRetention, "k"));
        Assert.Null(await DeleteAsync("k", marker));
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("rebuild")]
    [InlineData("compacted")]
    [InlineData("lost log")]
    public async Task Locks_are_the_same_afterwards(string how)
    {
        await ConfigureAsync("<Mode>GOVERNANCE</Mode>" + Day);
        Dictionary<string, string> versions = [];
        versions["default"] = await PutAsync("default");
        versions["own"] = await PutAsync("own", Retention("COMPLIANCE", days: 9));
        versions["parted"] = await MultipartAsync("parted", Retention("COMPLIANCE", days: 5));
        if (how != "lost log")
        {
            // The log alone has what was changed later.
            versions["changed"] = await PutAsync("changed");
            await RetainAsync("changed", "GOVERNANCE", days: 30);
            versions["freed"] = await PutAsync("freed");
            await RetainAsync("freed", null, days: 0, bypasses: true);
            versions["held"] = await PutAsync("held");
            await HoldAsync("held", "ON");
            await PutAsync("held");
        }

        var before = await DescribeAsync(versions);
        if (how == "compacted")
        {
            _bench.LogBytes = 4096;
            await _bench.ReopenAsync();
            for (var i = 0; i < 300; i++)
            {
                await DeleteAsync("churn", await PutAsync("churn"), bypasses: true);

                // While it runs, the log grows as far as it takes.
                await _bench.Store.Upkeep.Done;
            }

            await _bench.Store.Files.DrainAsync();
            await _bench.Store.Upkeep.Done;
            Assert.InRange(_bench.Files("changes").Sum(static path => new FileInfo(path).Length), 1, 4 * 4096);
        }

        await _bench.ReopenAsync(() =>
        {
            if (how != "restart")
            {
                _bench.ForgetDatabase();
            }

            foreach (var segment in how == "lost log" ? _bench.Files("changes").ToList() : [])
            {
                File.Delete(segment);
            }
        });
        Assert.Equal(before, await DescribeAsync(versions));
        Assert.Equal("AccessDenied", await DeleteAsync("own", versions["own"], bypasses: true));
        Assert.Equal("InvalidBucketState", await _bench.FailAsync(S3Operation.PutBucketConfiguration, "",
            TextBody("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"), "versioning"));

        // And again: a rebuild leaves nothing out that the next one needs.
        await _bench.RebuildAsync();
        Assert.Equal(before, await DescribeAsync(versions));
    }

    [Fact]
    public async Task Without_object_lock_nothing_is_locked()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("k", [1]);
        Assert.Equal("InvalidRequest", await bench.FailAsync(S3Operation.GetObjectRetention, "k"));
        Assert.Equal("InvalidRequest", await bench.FailAsync(S3Operation.PutObjectLegalHold, "k", TextBody("<LegalHold/>")));
        Assert.Equal("InvalidRequest", await bench.FailAsync(
            S3Operation.PutObject, "k", TextBody("x"), "", [.. Retention("GOVERNANCE", days: 1)]));
        Assert.Equal("InvalidBucketState", await bench.FailAsync(
            S3Operation.PutBucketConfiguration, "", TextBody(Configuration("<Mode>GOVERNANCE</Mode>" + Day)), "object-lock"));
        Assert.Equal("ObjectLockConfigurationNotFoundError",
            await bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "object-lock"));
    }

    /// <summary>The version from before versioning can be locked too, and no write may replace it then.</summary>
    [Fact]
    public async Task The_null_version_can_be_locked()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("k", [1]);
        await bench.SendAsync(S3Operation.PutBucketConfiguration, "",
            TextBody("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), "versioning");
        await bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(Configuration("")), "object-lock");
        await bench.SendAsync(S3Operation.PutObjectLegalHold, "k", TextBody("<LegalHold><Status>ON</Status></LegalHold>"));
        await bench.PutAsync("k", [2]);
        Assert.Equal("AccessDenied", await bench.FailAsync(S3Operation.DeleteObject, "k", null, "versionId=null"));
        Assert.Equal([1], await bench.GetAsync("k", "versionId=null"));
    }

    private (string, string)[] Retention(string mode, int days) =>
        [("x-amz-object-lock-mode", mode), ("x-amz-object-lock-retain-until-date", Until(days)), ("Content-MD5", "x")];

    private string Until(int days) => Iso(_bench.Time.GetUtcNow().AddDays(days));

    private static string Iso(DateTimeOffset time) => HttpDates.Xml(HttpDates.WholeSeconds(time));

    private static string Configuration(string retention) =>
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
        + (retention.Length == 0 ? "" : $"<Rule><DefaultRetention>{retention}</DefaultRetention></Rule>") + "</ObjectLockConfiguration>";

    private Task ConfigureAsync(string retention) =>
        _bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(Configuration(retention)), "object-lock");

    private Task<BufferedResponse> ConfigurationAsync() =>
        _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "object-lock");

    private Task<string> PutAsync(string key, params (string, string)[] headers) =>
        VersionOf(_bench.SendAsync(S3Operation.PutObject, key, TextBody(key), "", [.. headers, ("Content-MD5", "x")]));

    private static async Task<string> VersionOf(Task<BufferedResponse> response) =>
        (await response).Headers["x-amz-version-id"].ToString();

    private async Task<string> MultipartAsync(string key, params (string, string)[] headers)
    {
        var id = Text(await _bench.SendAsync(S3Operation.CreateMultipartUpload, key, null, "uploads", headers), "UploadId");
        var part = await _bench.SendAsync(S3Operation.UploadPart, key, TextBody("part"), $"partNumber=1&uploadId={id}");
        var document = $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part.Headers.ETag}</ETag></Part>"
            + "</CompleteMultipartUpload>";
        return await VersionOf(_bench.SendAsync(S3Operation.CompleteMultipartUpload, key, TextBody(document), "uploadId=" + id));
    }

    private Task HoldAsync(string key, string status) => _bench.SendAsync(
        S3Operation.PutObjectLegalHold, key, TextBody($"<LegalHold><Status>{status}</Status></LegalHold>"), "legal-hold");

    /// <summary>Sets a retention; without a mode, removes it. Returns the error.</summary>
    private Task<string?> RetainAsync(string key, string? mode, int days, bool bypasses = false)
    {
        var content = mode is null ? "" : $"<Mode>{mode}</Mode><RetainUntilDate>{Until(days)}</RetainUntilDate>";
        return ErrorAsync(
            Request(S3Operation.PutObjectRetention, key, TextBody($"<Retention>{content}</Retention>"), "retention"), bypasses);
    }

    private Task<string?> DeleteAsync(string key, string? version, bool bypasses = false) => ErrorAsync(
        Request(S3Operation.DeleteObject, key, null, version is null ? "" : "versionId=" + version), bypasses);

    private async Task<string?> ErrorAsync(S3Request request, bool bypasses)
    {
        try
        {
            await _bench.Service.HandleAsync(request with { BypassesGovernance = bypasses }, new BufferedResponse(), default);
            return null;
        }
        catch (S3Exception refused)
        {
            return refused.Error.Code;
        }
    }

    /// <summary>What HEAD shows of a version's lock; null for nothing.</summary>
    private async Task<string?> LockAsync(string key, string version)
    {
        var head = (await _bench.SendAsync(S3Operation.HeadObject, key, null, "versionId=" + version)).Headers;
        var text = $"{head["x-amz-object-lock-mode"]} {head["x-amz-object-lock-retain-until-date"]} {head["x-amz-object-lock-legal-hold"]}";
        return text.Trim().Length == 0 ? null : text;
    }

    private async Task<string> DescribeAsync(Dictionary<string, string> versions)
    {
        var lines = new List<string>();
        foreach (var (key, version) in versions)
        {
            lines.Add($"{key}: {await LockAsync(key, version)}");
        }

        return string.Join('\n', lines);
    }
}
