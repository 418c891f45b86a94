using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Responses;

/// <summary>The expected owner of a bucket in a request (rule A1).</summary>
[Trait("Rule", "A1")]
public sealed class ExpectedOwnerTests : ResponseTestBase
{
    private const string Ours = "123456789012";
    private const string Theirs = "999999999999";
    private const string OfBucket = "x-amz-expected-bucket-owner";
    private const string OfSource = "x-amz-source-expected-bucket-owner";

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task Another_s_is_denied_and_what_cannot_be_an_account_is_said_to_be_none(string scene)
    {
        await StartAsync(scene, ("S3_OVERLAY_ACCOUNT_ID", Ours));
        await SendAsync("PUT", "/bucket/gone", "kept");
        foreach (var (method, target, body) in ((string, string, string?)[])[
            ("GET", "/bucket/there", null), ("HEAD", "/bucket/there", null), ("PUT", "/bucket/new", "new"), ("GET", "/bucket", null),
            ("GET", "/bucket?versions", null),
            ("POST", "/bucket/big?uploads", null), ("DELETE", "/bucket/gone", null), ("GET", "/bucket?location", null),
            ("HEAD", "/bucket", null)])
        {
            Assert.Equal(method == "HEAD" ? (403, "") : (403, "AccessDenied"), await AskAsync(method, target, body, (OfBucket, Theirs)));
            foreach (var none in (string[])["", "1234", Ours + "0", "12345678901x"])
            {
                Assert.Equal(method == "HEAD" ? (400, "") : (400, "InvalidBucketOwnerAWSAccountID"),
                    await AskAsync(method, target, body, (OfBucket, none)));
            }
        }

        Assert.Equal(404, (await SendAsync("GET", "/bucket/new")).Status);
        Assert.Equal((200, ""), await AskAsync("GET", "/bucket/gone", null, (OfBucket, Ours)));
        Assert.Equal((204, ""), await AskAsync("DELETE", "/bucket/gone", null, (OfBucket, Ours)));

        // These make a bucket, and list all.
        Assert.Equal((200, ""), await AskAsync("GET", "/", null, (OfBucket, Theirs)));
        Assert.Equal((200, ""), await AskAsync("PUT", "/another", null, (OfBucket, Theirs)));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task The_source_of_a_copy_follows_the_same_rule(string scene)
    {
        await StartAsync(scene, ("S3_OVERLAY_ACCOUNT_ID", Ours));
        (string, string) from = ("x-amz-copy-source", "/bucket/there");
        Assert.Equal((403, "AccessDenied"), await AskAsync("PUT", "/bucket/copy", null, from, (OfSource, Theirs)));
        Assert.Equal((400, "InvalidBucketOwnerAWSAccountID"), await AskAsync("PUT", "/bucket/copy", null, from, (OfSource, "me")));
        Assert.Equal((403, "AccessDenied"), await AskAsync("PUT", "/bucket/copy", null, from, (OfBucket, Theirs), (OfSource, Ours)));
        Assert.Equal(404, (await SendAsync("GET", "/bucket/copy")).Status);
        Assert.Equal((200, ""), await AskAsync("PUT", "/bucket/copy", null, from, (OfBucket, Ours), (OfSource, Ours)));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task Where_no_account_is_named_any_will_do(string scene)
    {
        await StartAsync(scene);
        Assert.Equal((200, ""), await AskAsync("GET", "/bucket/there", null, (OfBucket, Theirs)));

        // In front of a store, the store makes this check.
        Assert.Equal(400, (await AskAsync("GET", "/bucket/there", null, (OfBucket, "no-account"))).Status);
    }

    [Fact]
    public async Task An_account_that_cannot_be_one_is_an_error_at_the_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync("plain", ("S3_OVERLAY_ACCOUNT_ID", "12345")));
        Assert.Contains("S3_OVERLAY_ACCOUNT_ID", failure.ToString(), StringComparison.Ordinal);
    }

    private async Task<(int Status, string Code)> AskAsync(string method, string target, string? body,
        params (string Name, string Value)[] headers) =>
        await SendAsync(method, target, body, headers) is var response ? (response.Status, response.Code) : default;
}
