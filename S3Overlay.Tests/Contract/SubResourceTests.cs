using Amazon.S3;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>A sub-resource in the query is never taken for the object or the bucket itself, in either layer (rule R8).</summary>
public abstract class SubResourceTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : OverlayFixture
{
    private readonly AmazonS3Client _s3 = fixture.S3;
    private readonly AmazonS3Client _remote = fixture.RemoteS3;

    /// <summary>An empty version id means no version, so the object itself would be deleted.</summary>
    [Theory]
    [Trait("Rule", "R8")]
    [InlineData("?versionId=")]
    [InlineData("?versionId")]
    [InlineData("?tagging&versionId=")]
    public async Task A_delete_of_an_empty_version_id_is_refused(string query)
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "remote", ContentBody = "value" });
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "written", ContentBody = "value" });
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        foreach (var key in (string[])["remote", "written"])
        {
            var etag = (await http.SendAsync("HEAD", $"/{bucket}/{key}")).Headers["ETag"];
            foreach (var headers in ((string, string)[][])[[], [("If-Match", etag)]])
            {
                var response = await http.SendAsync("DELETE", $"/{bucket}/{key}{query}", null, headers);
                Assert.Equal((400, "InvalidArgument"), (response.Status, response.Code));
                Assert.Contains("Version id cannot be the empty string", response.Text, StringComparison.Ordinal);
            }

            Assert.Equal("value", (await http.SendAsync("GET", $"/{bucket}/{key}")).Text);
        }
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("POST")]
    [Trait("Rule", "R8")]
    public async Task A_sub_resource_is_never_the_object_or_bucket_itself(string method)
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        await _remote.PutObjectAsync(new() { BucketName = bucket, Key = "remote", ContentBody = "value" });
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "written", ContentBody = "value" });
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        foreach (var name in SubResourceNames.OfS3.Concat(SubResourceNames.Spelt(SubResourceNames.New)))
        {
            foreach (var target in (string[])["/remote", "/written", ""])
            {
                var response = await http.SendAsync(method, $"/{bucket}{target}?{name}&annotationName=a", method == "DELETE" ? null
                    : "in its place"u8.ToArray());
                Assert.True(response.Status is not 500, $"{method} {target} {name}: {response.Text}");
            }

            foreach (var key in (string[])["remote", "written"])
            {
                Assert.Equal((name, "value"), (name, (await http.SendAsync("GET", $"/{bucket}/{key}")).Text));
            }
        }
    }
}
