namespace S3Overlay.Tests.Contract.Answers;

/// <summary>Buckets: what making one may ask for.</summary>
public sealed class BucketAnswerTests : AnswerTestBase
{
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task What_a_new_bucket_would_not_keep_is_refused_and_makes_none(string scene)
    {
        await StartAsync(scene);
        const string Ownership = "x-amz-object-ownership";
        const string Invalid = "400 Code=InvalidArgument | Message=Invalid x-amz-object-ownership header: ";
        Assert.Equal((501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", null, (Ownership, "ObjectWriter"))));
        Assert.Equal((501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", null, (Ownership, "BucketOwnerPreferred"))));
        Assert.Equal(Invalid + "RandomValue | ArgumentName=x-amz-object-ownership", ErrorOf(await SendAsync("PUT", "/new", null, (Ownership, "RandomValue"))));
        Assert.Equal(Invalid + " | ArgumentName=x-amz-object-ownership", ErrorOf(await SendAsync("PUT", "/new", null, (Ownership, ""))));
        Assert.Equal((501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", null, ("x-amz-bucket-namespace", "account-regional"))));
        Assert.Equal((400, "InvalidArgument"), Refusal(await SendAsync("PUT", "/new", null, ("x-amz-bucket-namespace", "nonsense"))));
        Assert.Equal((501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", Document("<Tags><Tag><Key>tag1</Key><Value>value1</Value></Tag></Tags>"))));
        Assert.Equal((501, "NotImplemented"), Refusal(await SendAsync("PUT", "/new", Document("<Bucket><Type>Directory</Type></Bucket>"))));
        Assert.Equal(404, (await SendAsync("HEAD", "/new")).Status);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task What_every_bucket_here_is_may_be_asked_for(string scene)
    {
        await StartAsync(scene);
        Assert.Equal(200, (await SendAsync("PUT", "/one", Document("<Tags/>"), ("x-amz-object-ownership", "BucketOwnerEnforced"), ("x-amz-bucket-namespace", "global"))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/two", Document("<LocationConstraint>eu-west-1</LocationConstraint><Tags></Tags>"))).Status);
        Assert.Equal(200, (await SendAsync("HEAD", "/two")).Status);
    }

    private static (int Status, string Code) Refusal(Support.RawAnswer answer) => (answer.Status, answer.Code);

    private static string Document(string content) => $"<CreateBucketConfiguration>{content}</CreateBucketConfiguration>";
}
