namespace S3Overlay.Tests.Contract.Responses;

/// <summary>Metadata may have an empty value: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html.</summary>
[Trait("Rule", "T1")]
public sealed class EmptyMetadataTests : ResponseTestBase
{
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task It_comes_back_with_the_object(string scene)
    {
        await StartAsync(scene, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/new", "v", ("x-amz-meta-empty", ""), ("x-amz-meta-full", "f"))).Status);
        await ShownAsync("/bucket/new");
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/new"))).Status);
        await ShownAsync("/bucket/copy");
        if (scene == "plain")
        {
            return;
        }

        Remote.Put("bucket", "of-remote", "v"u8.ToArray(), ("x-amz-meta-empty", ""), ("x-amz-meta-full", "f"));
        await ShownAsync("/bucket/of-remote");
        await Proxy.WhenIdleAsync();
        await ShownAsync("/bucket/of-remote");
    }

    private async Task ShownAsync(string target)
    {
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var response = await SendAsync(method, target);
            Assert.Equal((method, 200, "", "f"), (method, response.Status, response.Headers.GetValueOrDefault("x-amz-meta-empty"),
                response.Headers.GetValueOrDefault("x-amz-meta-full")));
        }
    }
}
