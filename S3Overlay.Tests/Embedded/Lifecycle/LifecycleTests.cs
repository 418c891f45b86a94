using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Lifecycle;

/// <summary>Lifecycle rules act at their time, on what they name, and on nothing that changed or is locked.</summary>
[Trait("Rule", "V6")]
public sealed partial class LifecycleTests : IAsyncLifetime
{
    private const string Enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

    /// <summary>Longer than until the next pass after a midnight.</summary>
    private static readonly TimeSpan Hours = TimeSpan.FromHours(2);

    private readonly ManualTimeProvider _time = new();
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        // At noon, so that days are counted from the middle of one.
        _time.Advance(_time.GetUtcNow().UtcDateTime.Date.AddDays(1).AddHours(12) - _time.GetUtcNow().UtcDateTime);
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("over", "a", "remote"u8.ToArray());
        _remote.Put("over", "b", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, _time, ("S3_OVERLAY_BUCKET_MAPPING", "over:over"),
            ("S3_OVERLAY_UNMAPPED", "deny"));
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket")).Status);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task Objects_expire_at_the_midnight_after_their_days()
    {
        await PutRulesAsync("bucket", Rule("<Filter><Prefix>logs/</Prefix></Filter>", Days(1)));
        foreach (var key in (string[])["logs/a", "logs/b", "other", "logs/later"])
        {
            await PutAsync("bucket", key);
        }

        // Written at noon: a day later is noon, so they expire at the second midnight.
        await AdvanceAsync(TimeSpan.FromHours(13));
        await PutAsync("bucket", "logs/later");
        await AdvanceAsync(TimeSpan.FromHours(22));
        Assert.Equal(["logs/a", "logs/b", "logs/later", "other"], await KeysAsync("bucket"));
        await AdvanceAsync(Hours);
        await UntilAsync("bucket", "logs/later", "other");
        await AdvanceAsync(TimeSpan.FromDays(1));
        await UntilAsync("bucket", "other");
    }

    [Fact]
    public async Task Dates_tags_sizes_and_disabled_rules_are_obeyed()
    {
        var (today, later) = (_time.GetUtcNow().UtcDateTime.Date, _time.GetUtcNow().UtcDateTime.Date.AddDays(9));
        await PutAsync("bucket", "past/k");
        await PutAsync("bucket", "future/k");
        await PutAsync("bucket", "off/k");
        await PutAsync("bucket", "tagged/yes", "x", ("x-amz-tagging", "tom=sawyer&huck=finn"));
        await PutAsync("bucket", "tagged/no", "x", ("x-amz-tagging", "tom=sawyer"));
        await PutAsync("bucket", "size/small", new string('x', 10));
        await PutAsync("bucket", "size/middle", new string('x', 11));
        await PutAsync("bucket", "size/large", new string('x', 20));
        await PutRulesAsync("bucket",
            Rule("<Filter><Prefix>past/</Prefix></Filter>", $"<Expiration><Date>{today:yyyy-MM-dd}T00:00:00Z</Date></Expiration>")
            + Rule("<Filter><Prefix>future/</Prefix></Filter>", $"<Expiration><Date>{later:yyyy-MM-dd}T00:00:00Z</Date></Expiration>")
            + Rule("<Filter><Prefix>off/</Prefix></Filter>", Days(1)).Replace("Enabled", "Disabled", StringComparison.Ordinal)
            + Rule("<Filter><And><Tag><Key>huck</Key><Value>finn</Value></Tag><Tag><Key>tom</Key><Value>sawyer</Value></Tag></And>"
                + "</Filter>", Days(1))
            + Rule("<Filter><And><Prefix>size/</Prefix><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan>"
                + "<ObjectSizeLessThan>20</ObjectSizeLessThan></And></Filter>", Days(1)));
        await AdvanceAsync(TimeSpan.FromDays(2));
        await UntilAsync("bucket", "future/k", "off/k", "size/large", "size/small", "tagged/no");
    }

    [Fact]
    public async Task Expired_versions_are_hidden_and_noncurrent_ones_removed()
    {
        await _proxy.SendAsync("PUT", "/bucket?versioning", Enabled);
        List<string> versions = [];
        for (var i = 0; i < 4; i++)
        {
            versions.Add(await PutAsync("bucket", "k", $"{i}"));
        }

        await PutRulesAsync("bucket", Rule("<Filter/>", Days(3) + "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
            + "<NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>"));
        await AdvanceAsync(TimeSpan.FromDays(2));
        await UntilVersionsAsync("bucket", $"k {versions[3]}", $"k {versions[2]}");
        await AdvanceAsync(TimeSpan.FromDays(2));
        await Patience.UntilAsync(async () => (await VersionsAsync("bucket"))[0].StartsWith("marker", StringComparison.Ordinal),
            "The current version does not expire.");

        // One noncurrent version stays, so the marker hides something and stays too.
        await AdvanceAsync(TimeSpan.FromDays(5));
        await Patience.UntilAsync(async () => (await VersionsAsync("bucket")).Count == 2, "A noncurrent version stays.");
    }

    [Fact]
    public async Task A_delete_marker_over_nothing_goes()
    {
        await _proxy.SendAsync("PUT", "/bucket?versioning", Enabled);
        await PutAsync("bucket", "k");
        await _proxy.SendAsync("DELETE", "/bucket/k");
        await PutRulesAsync("bucket", Rule("<Filter/>",
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
            + "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"));
        await AdvanceAsync(Hours);
        Assert.Equal(2, (await VersionsAsync("bucket")).Count);
        for (var day = 0; day < 3; day++)
        {
            await AdvanceAsync(TimeSpan.FromDays(1));
        }

        await UntilVersionsAsync("bucket");
    }

    [Fact]
    public async Task Old_uploads_are_aborted()
    {
        await _proxy.SendAsync("POST", "/bucket/logs/k?uploads", "");
        await _proxy.SendAsync("POST", "/bucket/other?uploads", "");
        await PutRulesAsync("bucket", Rule("<Filter><Prefix>logs/</Prefix></Filter>",
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload>"));
        await AdvanceAsync(TimeSpan.FromDays(2));
        Assert.Contains("logs/k", await UploadsAsync(), StringComparison.Ordinal);
        await AdvanceAsync(TimeSpan.FromDays(1));
        await Patience.UntilAsync(async () => !(await UploadsAsync()).Contains("logs/k", StringComparison.Ordinal), "The upload stays.");
        Assert.Contains("other", await UploadsAsync(), StringComparison.Ordinal);

        async Task<string> UploadsAsync() => (await _proxy.SendAsync("GET", "/bucket?uploads")).Text;
    }

    [Fact]
    public async Task Another_setting_of_the_bucket_does_not_run_its_rules_again()
    {
        await PutRulesAsync("bucket", Rule("<Filter/>", "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>"));
        await PutAsync("bucket", "before");
        await AdvanceAsync(Hours);
        await UntilAsync("bucket");
        await PutAsync("bucket", "k");
        Assert.InRange((await _proxy.SendAsync("PUT", "/bucket?tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")).Status, 200, 204);
        await AdvanceAsync(Hours);
        Assert.Equal(["k"], await KeysAsync("bucket"));
        await AdvanceAsync(TimeSpan.FromDays(1));
        await UntilAsync("bucket");
    }

    [Fact, Trait("Rule", "V5")]
    public async Task A_locked_version_stays_until_its_lock_ends()
    {
        await _proxy.SendAsync("PUT", "/locked", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await PutAsync("locked", "k");
        await _proxy.SendAsync("PUT", "/locked/k?retention", "<Retention><Mode>COMPLIANCE</Mode>"
            + $"<RetainUntilDate>{_time.GetUtcNow().AddDays(5):yyyy-MM-dd'T'HH:mm:ss'Z'}</RetainUntilDate></Retention>");
        await PutAsync("locked", "k");
        await PutAsync("locked", "free");
        var newest = await PutAsync("locked", "free");
        await PutRulesAsync("locked", Rule("<Filter/>",
            "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"));
        await AdvanceAsync(TimeSpan.FromDays(3));
        await Patience.UntilAsync(async () => (await VersionsAsync("locked")).Count == 3, "The free version stays.");
        Assert.Contains($"free {newest}", await VersionsAsync("locked"));
        await AdvanceAsync(TimeSpan.FromDays(3));
        await Patience.UntilAsync(async () => (await VersionsAsync("locked")).Count == 2, "The version stays after its lock.");
    }

    [Fact, Trait("Rule", "D1")]
    public async Task What_expires_over_a_remote_stays_deleted_and_remote_objects_never_expire()
    {
        await PutRulesAsync("over", Rule("<Filter/>", Days(1)));
        await PutAsync("over", "a", "mine");
        await AdvanceAsync(TimeSpan.FromDays(3));
        await UntilAsync("over", "b");
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/over/a")).Status);
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/over/b")).Text);
        Assert.All(_remote.Requests, static request => Assert.Contains(request.Method, (string[])["GET", "HEAD"]));
    }

    /// <summary>A client that deletes the marker undoes the delete (rule V4). A rule that removes it does not.</summary>
    [Fact, Trait("Rule", "V4")]
    public async Task The_remotes_object_stays_hidden_when_its_delete_marker_goes()
    {
        await _proxy.SendAsync("PUT", "/over?versioning", Enabled);
        await _proxy.SendAsync("DELETE", "/over/a");
        await PutAsync("over", "new");
        await PutRulesAsync("over", Rule("<Filter/>", "<Expiration><Days>1</Days></Expiration>"
            + "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"));
        for (var day = 0; day < 6; day++)
        {
            await AdvanceAsync(TimeSpan.FromDays(1));
        }

        await UntilVersionsAsync("over", "b null");
        await UntilAsync("over", "b");
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/over/a")).Status);
    }

    [Fact, Trait("Rule", "W5")]
    public async Task A_copy_of_the_remotes_object_never_expires()
    {
        _remote.Put("over", "old", "remote"u8.ToArray(), ("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT"));
        Assert.Equal(200, (await _proxy.SendAsync(
            "PUT", "/over/old?tagging", "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>")).Status);
        var shown = await _proxy.SendAsync("HEAD", "/over/old");
        Assert.Equal("local", shown.Headers["x-s3overlay-layer"]);
        await PutAsync("over", "a", "mine");
        await PutRulesAsync("over", Rule("<Filter/>", Days(1)));
        Assert.DoesNotContain("x-amz-expiration", (await _proxy.SendAsync("HEAD", "/over/old")).Headers.Keys);
        await AdvanceAsync(TimeSpan.FromDays(3));
        await UntilAsync("over", "b", "old");
    }

    [Fact, Trait("Rule", "V1")]
    public async Task A_rule_that_removes_an_older_version_does_not_hide_the_remote()
    {
        await PutAsync("over", "a", "mine");
        await _proxy.SendAsync("PUT", "/over?versioning", Enabled);
        await _proxy.SendAsync("DELETE", "/over/a");
        await _proxy.SendAsync("POST", "/-/v1/undelete?bucket=over&key=a");
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/over/a")).Text);
        await PutRulesAsync("over", Rule("<Filter/>",
            "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"));
        await PutAsync("over", "z");
        await AdvanceAsync(TimeSpan.FromDays(3));
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/over/a")).Text);
    }

    [Fact]
    public async Task Responses_say_when_an_object_expires()
    {
        await PutRulesAsync("bucket", Rule("<Filter><Prefix>logs/</Prefix></Filter>", Days(10), "late")
            + Rule("<Filter><Prefix>logs/</Prefix></Filter>", Days(3), "first"));
        var midnight = _time.GetUtcNow().UtcDateTime.Date.AddDays(4).ToString("r", System.Globalization.CultureInfo.InvariantCulture);
        var expected = $"expiry-date=\"{midnight}\", rule-id=\"first\"";
        Assert.Equal(expected, (await _proxy.SendAsync("PUT", "/bucket/logs/k", "x")).Headers["x-amz-expiration"]);
        Assert.Equal(expected, (await _proxy.SendAsync("HEAD", "/bucket/logs/k")).Headers["x-amz-expiration"]);
        Assert.Equal(expected, (await _proxy.SendAsync("GET", "/bucket/logs/k")).Headers["x-amz-expiration"]);
        Assert.DoesNotContain("x-amz-expiration", (await _proxy.SendAsync("PUT", "/bucket/k", "x")).Headers.Keys);
        await PutRulesAsync("bucket", Rule("<Filter><Prefix>logs/</Prefix></Filter>", Days(10), "late &amp; soon"));
        Assert.EndsWith("rule-id=\"late%20%26%20soon\"",
            (await _proxy.SendAsync("HEAD", "/bucket/logs/k")).Headers["x-amz-expiration"], StringComparison.Ordinal);
    }

    private static string Days(int days) => $"<Expiration><Days>{days}</Days></Expiration>";

    private static string Rule(string filter, string action, string? id = null) =>
        $"<Rule>{(id is null ? "" : $"<ID>{id}</ID>")}{filter}<Status>Enabled</Status>{action}</Rule>";

    private async Task PutRulesAsync(string bucket, string rules)
    {
        var response = await _proxy.SendAsync(
            "PUT", $"/{bucket}?lifecycle", $"<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
        Assert.True(response.Status == 200, response.Text);
    }

    private async Task<string> PutAsync(string bucket, string key, string text = "x", params (string, string)[] headers)
    {
        var response = await _proxy.SendAsync("PUT", $"/{bucket}/{key}", text, headers);
        Assert.True(response.Status == 200, response.Text);
        return response.Headers.GetValueOrDefault("x-amz-version-id", "null");
    }

    /// <summary>Moves the clock, hour by hour as the worker looks, and lets each pass end.</summary>
    private async Task AdvanceAsync(TimeSpan time)
    {
        for (var moved = TimeSpan.Zero; moved < time; moved += TimeSpan.FromHours(1))
        {
            _time.Advance(TimeSpan.FromHours(1));
            await _proxy.Services.Lifecycle!.Running;
        }
    }

    private Task UntilAsync(string bucket, params string[] keys) => Patience.UntilAsync(
        async () => (await KeysAsync(bucket)).SequenceEqual(keys), $"The bucket {bucket} does not become: {string.Join(' ', keys)}.");

    private Task UntilVersionsAsync(string bucket, params string[] rows) => Patience.UntilAsync(
        async () => (await VersionsAsync(bucket)).SequenceEqual(rows), "The bucket has other versions.");

    private async Task<List<string>> KeysAsync(string bucket) =>
        [.. Key().Matches((await _proxy.SendAsync("GET", $"/{bucket}?list-type=2")).Text).Select(static key => key.Groups[1].Value)];

    private async Task<List<string>> VersionsAsync(string bucket) =>
        [.. Version().Matches((await _proxy.SendAsync("GET", $"/{bucket}?versions")).Text)
            .Select(static row => $"{(row.Groups[1].Value == "Version" ? "" : "marker ")}{row.Groups[2].Value} {row.Groups[3].Value}")];

    [GeneratedRegex("<Key>(.*?)</Key>")]
    private static partial Regex Key();

    [GeneratedRegex("<(Version|DeleteMarker)><Key>(.*?)</Key><VersionId>(.*?)</VersionId>")]
    private static partial Regex Version();
}
