using System.Text.RegularExpressions;

namespace S3Overlay.Tests.Contract.Responses;

/// <summary>The arguments of CreateBucket, and lists of the buckets in one region.</summary>
public sealed class BucketResponseTests : ResponseTestBase
{
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task What_a_new_bucket_would_not_keep_is_refused_and_makes_none(string scene)
    {
        await StartAsync(scene);
        const string Ownership = "x-amz-object-ownership";
        const string Invalid = "400 Code=InvalidArgument | Message=Invalid x-amz-object-ownership header: ";
        Assert.Equal(Invalid + "RandomValue | ArgumentName=x-amz-object-ownership",
            ErrorOf(await SendAsync("PUT", "/new", null, (Ownership, "RandomValue"))));
        Assert.Equal(Invalid + " | ArgumentName=x-amz-object-ownership", ErrorOf(await SendAsync("PUT", "/new", null, (Ownership, ""))));
        Assert.Equal(
            (501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", null, ("x-amz-bucket-namespace", "account-regional"))));
        Assert.Equal((400, "InvalidArgument"), Refusal(await SendAsync("PUT", "/new", null, ("x-amz-bucket-namespace", "nonsense"))));
        Assert.Equal((501, "NotImplemented"),
            Refusal(await SendAsync("PUT", "/new", Document("<Tags><Tag><Key>tag1</Key><Value>value1</Value></Tag></Tags>"))));
        Assert.Equal((501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", Document("<Bucket><Type>Directory</Type></Bucket>"))));
        Assert.Equal(404, (await SendAsync("HEAD", "/new")).Status);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task Properties_that_every_bucket_has_may_be_requested(string scene)
    {
        await StartAsync(scene);
        Assert.Equal(
            200, (await SendAsync("PUT", "/one", Document("<Tags/>"), ("x-amz-object-ownership", "BucketOwnerEnforced"),
            ("x-amz-bucket-namespace", "global"))).Status);
        Assert.Equal(
            200, (await SendAsync("PUT", "/two", Document("<LocationConstraint>eu-west-1</LocationConstraint><Tags></Tags>"))).Status);
        Assert.Equal(200, (await SendAsync("HEAD", "/two")).Status);
    }

    /// <summary>LocalStack's test_list_buckets_by_bucket_region and test_list_buckets_region_validation.</summary>
    [Theory]
    [InlineData("plain", "us-east-1")]
    [InlineData("overlaid", "us-east-1")]
    [InlineData("plain", "at-home")]
    [InlineData("overlaid", "at-home")]
    public async Task Buckets_of_one_region_can_be_listed(string scene, string own)
    {
        await StartAsync(scene, ("S3_OVERLAY_DEFAULT_BUCKET_LOCATION", own));
        Assert.Equal("bucket", await ListAsync(own));
        Assert.Equal("bucket", await ListAsync(""));
        Assert.Equal("", await ListAsync("eu-central-1"));
        var nonsense = await SendAsync("GET", "/?bucket-region=eu-east-1");
        Assert.Equal("400 Code=InvalidArgument | Message=Argument value eu-east-1 is not a valid AWS Region | ArgumentName=bucket-region",
            ErrorOf(nonsense));
    }

    /// <summary>The endpoint may have buckets in several regions, and its list does not say which bucket is where.</summary>
    [Fact]
    public async Task Of_an_S3_endpoint_no_bucket_is_left_out()
    {
        await StartAsync("store");
        Assert.Equal("bucket", await ListAsync("eu-central-1"));
    }

    [Fact]
    public async Task A_bucket_that_was_made_in_another_region_is_listed_there()
    {
        await StartAsync("plain");
        Assert.Equal(200, (await SendAsync("PUT", "/elsewhere", Document("<LocationConstraint>eu-west-1</LocationConstraint>"))).Status);
        Assert.Equal("elsewhere", await ListAsync("eu-west-1"));
        Assert.Equal("bucket", await ListAsync("us-east-1"));
        Assert.Equal("bucket,elsewhere", await ListAsync(""));
    }

    [Theory, Trait("Rule", "B5")]
    [InlineData("below")]
    [InlineData("bucket")]
    public async Task A_bucket_of_the_remote_is_in_the_region_that_others_are_in(string bucket)
    {
        await StartAsync("overlaid", ("S3_OVERLAY_DEFAULT_BUCKET_LOCATION", "at-home"));
        Assert.Equal("at-home", (await SendAsync("HEAD", "/" + bucket)).Headers["x-amz-bucket-region"]);
        Assert.EndsWith(">at-home</LocationConstraint>", (await SendAsync("GET", $"/{bucket}?location")).Text, StringComparison.Ordinal);
        var again = await SendAsync("PUT", "/" + bucket);
        Assert.Equal((409, "BucketAlreadyOwnedByYou"), (again.Status, again.Code));
    }

    private static (int Status, string Code) Refusal(Support.RawResponse response) => (response.Status, response.Code);

    private static string Document(string content) => $"<CreateBucketConfiguration>{content}</CreateBucketConfiguration>";

    private async Task<string> ListAsync(string region)
    {
        var response = await SendAsync("GET", "/?max-buckets=100" + (region.Length == 0 ? "" : "&bucket-region=" + region));
        Assert.Equal(200, response.Status);
        return string.Join(',', Regex.Matches(response.Text, "<Name>([^<]*)</Name>").Select(static found => found.Groups[1].Value));
    }
}
