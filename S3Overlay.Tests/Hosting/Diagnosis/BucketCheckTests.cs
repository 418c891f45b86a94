using S3Overlay.Proxy.Hosting.Diagnosis;

namespace S3Overlay.Tests.Hosting.Diagnosis;

/// <summary>A mapped bucket that does not exist would look empty. The check reports it, with the setting.</summary>
[Trait("Rule", "M5")]
public sealed class BucketCheckTests : DiagnosisTestBase
{
    [Fact]
    public async Task A_bucket_that_is_there_and_may_be_listed_is_right()
    {
        Server.Put("prod-photos", "2024/a.jpg", new byte[3]);
        Server.AddBucket("empty");
        var checks = ChecksOf("S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos/2024,none:empty").Buckets;

        Assert.Equal([Verdict.Passed, Verdict.Passed], (await Task.WhenAll(checks.Select(check => check.RunAsync(default))))
            .Select(finding => finding.Verdict));
        Assert.Equal("2024/a.jpg", checks[0].Key);
        Assert.Null(checks[1].Key);
        Assert.All(Server.Requests, request => Assert.Contains("max-keys=1", request.RawQuery, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("S3_OVERLAY_BUCKET_MAPPING", "S3_OVERLAY_BUCKET_MAPPING=photos:prod-fotos")]
    [InlineData("S3_OVERLAY_REMOTE_IMAGES_BACKS", "S3_OVERLAY_REMOTES=images", "S3_OVERLAY_REMOTE_IMAGES_BACKS=photos:prod-fotos")]
    public async Task One_that_is_not_there_names_itself_the_endpoint_and_the_setting(string setting, params string[] settings)
    {
        var isNamed = settings.Length > 1;
        var checks = isNamed
            ? ChecksOf([.. settings, $"S3_OVERLAY_REMOTE_IMAGES_ENDPOINT={Address}", "S3_OVERLAY_REMOTE_IMAGES_ANONYMOUS=true",
                "S3_OVERLAY_REMOTE_ACCESS_KEY_ID=", "S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY="])
            : ChecksOf(settings);
        var finding = await checks.Buckets[0].RunAsync(default);

        Assert.Equal((Verdict.Failed, setting), (finding.Verdict, finding.Setting));
        Assert.Equal(
            $"{Address} does not have the bucket \"prod-fotos\", which photos shows. Correct its name in {setting}, or create it there.",
            finding.ToString());
    }

    [Fact]
    public async Task A_refusal_is_inconclusive()
    {
        Answer(403, "AccessDenied");
        var finding = await ChecksOf("S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos").Buckets[0].RunAsync(default);

        Assert.Equal(Verdict.Undecided, finding.Verdict);
        Assert.Contains("Whether it exists is unknown", finding.Message, StringComparison.Ordinal);
        Assert.Contains("s3:ListBucket", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prefix_with_nothing_under_it_may_be_misspelt()
    {
        Server.Put("prod-photos", "2024/a.jpg", new byte[3]);
        var finding = await ChecksOf("S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos/2042").Buckets[0].RunAsync(default);

        Assert.Equal(Verdict.Undecided, finding.Verdict);
        Assert.Contains("nothing in it under \"2042/\"", finding.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_BUCKET_MAPPING", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unclear_response_is_inconclusive()
    {
        Answer(501, "NotImplemented");

        Assert.Equal(
            Verdict.Undecided, (await ChecksOf("S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos").Buckets[0].RunAsync(default)).Verdict);
    }
}
