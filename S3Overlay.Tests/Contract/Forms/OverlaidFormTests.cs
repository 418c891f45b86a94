using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>Forms in buckets that show a remote: writes like any other (rule W1).</summary>
public sealed class OverlaidFormTests(OverlayFixture fixture) : IClassFixture<OverlayFixture>
{
    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    [Fact]
    [Trait("Rule", "W1")]
    public async Task A_form_writes_here_and_the_remote_keeps_what_it_has()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await fixture.RemoteS3.PutObjectAsync(new() { BucketName = bucket, Key = "foo.txt", ContentBody = "from the remote" });
        Assert.Equal("from the remote", (await _http.SendAsync("GET", $"/{bucket}/foo.txt")).Text);
        var policy = $$"""{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "{{bucket}}"}, {"key": "foo.txt"}]}""";
        var response = await new UploadForm().With("key", "foo.txt").SignedV2(policy).SendAsync(_http, "/" + bucket);
        Assert.True(response.Status == 204, response.Text);
        var read = await _http.SendAsync("GET", $"/{bucket}/foo.txt");
        Assert.Equal(("bar", "local"), (read.Text, read.Headers["x-s3overlay-layer"]));
        Assert.Equal("from the remote", (await new SignedHttp(fixture.Origin.Endpoint).SendAsync("GET", $"/{bucket}/foo.txt")).Text);
    }

    [Fact]
    [Trait("Rule", "T5")]
    public async Task A_form_cannot_write_the_metadata_that_is_the_servers_own()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var policy =
            $$"""{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "{{bucket}}"}, {"key": "k"}, """
            + $$"""{"x-amz-meta-s3overlay-x": "1"}]}""";
        var response = await new UploadForm().With("key", "k").With("x-amz-meta-s3overlay-x", "1").SignedV2(policy)
            .SendAsync(_http, "/" + bucket);
        Assert.Equal((400, "InvalidArgument"), (response.Status, response.Code));
    }
}
