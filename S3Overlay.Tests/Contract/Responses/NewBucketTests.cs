namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// Settings of a bucket that were never set. They match S3's defaults for new buckets since April 2023 (LocalStack's
/// test_crud_bucket_ownership_controls and test_crud_public_access_block).
/// </summary>
public sealed class NewBucketTests : ResponseTestBase
{
    private const string Owner =
        "<OwnershipControls xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>"
        + "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";

    private const string Block =
        "<PublicAccessBlockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><BlockPublicAcls>true</BlockPublicAcls>"
        + "<IgnorePublicAcls>true</IgnorePublicAcls>"
        + "<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";

    [Theory, Trait("Rule", "B5")]
    [InlineData("plain", "bucket")]
    [InlineData("overlaid", "bucket")]
    [InlineData("overlaid", "below")]
    [InlineData("store", "below")]
    public async Task It_belongs_only_to_its_owner(string scene, string bucket)
    {
        await StartAsync(scene);
        Assert.EndsWith(Owner, (await SendAsync("GET", $"/{bucket}?ownershipControls")).Text, StringComparison.Ordinal);
        Assert.EndsWith(Block, (await SendAsync("GET", $"/{bucket}?publicAccessBlock")).Text, StringComparison.Ordinal);
        var encryption = await SendAsync("GET", $"/{bucket}?encryption");
        Assert.Equal((404, "ServerSideEncryptionConfigurationNotFoundError"), (encryption.Status, encryption.Code));
    }

    [Theory]
    [InlineData("ownershipControls")]
    [InlineData("publicAccessBlock")]
    public async Task Its_ownership_is_not_changed_by_another_document(string name)
    {
        await StartAsync("plain");
        var before = (await SendAsync("GET", $"/bucket?{name}")).Text;
        Assert.Equal("MalformedXML", (await SendAsync("PUT", $"/bucket?{name}", "<x/>")).Code);
        Assert.Equal(before, (await SendAsync("GET", $"/bucket?{name}")).Text);
        Assert.Equal(204, (await SendAsync("DELETE", $"/bucket?{name}")).Status);
        Assert.Equal(404, (await SendAsync("GET", $"/bucket?{name}")).Status);
    }
}
