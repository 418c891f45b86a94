using System.Globalization;
using System.Text.Json;

using Amazon.S3;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>Forms as ceph/s3-tests sends them (<c>test_post_object_*</c>): a policy with the usual conditions, and changes to it.</summary>
public abstract class FormTestBase(LocalOnlyFixture fixture)
{
    protected SignedHttp Http { get; } = new(fixture.Proxy.Endpoint);

    protected AmazonS3Client S3 => fixture.S3;

    protected Uri Endpoint => fixture.Proxy.Endpoint;

    protected Task<string> NewBucketAsync() => fixture.NewBucketAsync();

    /// <summary>A policy that ends in an hour and a half, or when told.</summary>
    protected static string Policy(string bucket, string[] further, int seconds = 6000) =>
        $$"""{"expiration": "{{Time(seconds)}}", "conditions": [{{string.Join(", ", Usual(bucket).Concat(further))}}]}""";

    protected static string[] Usual(string bucket) =>
        [$$"""{"bucket": "{{bucket}}"}""", """["starts-with", "$key", "foo"]""", """{"acl": "private"}""",
            """["starts-with", "$Content-Type", "text/plain"]"""];

    protected static string Time(int seconds) =>
        DateTime.UtcNow.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A form that <see cref="Policy"/> allows, not signed yet.</summary>
    protected static UploadForm Form(string key = "foo.txt") => new UploadForm().With("key", key).With("acl", "private")
        .With("Content-Type", "text/plain");

    protected async Task<string> ReadAsync(string bucket, string key)
    {
        using var response = await S3.GetObjectAsync(bucket, key);
        using var reader = new StreamReader(response.ResponseStream);
        return await reader.ReadToEndAsync();
    }

    protected async Task AssertNothingStoredAsync(string bucket) =>
        Assert.Empty((await S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects ?? []);

    protected static void AssertStatus(int status, RawResponse response) =>
        Assert.True(status == response.Status, $"{response.Status} {response.Text}");

    protected static string Json(string text) => JsonSerializer.Serialize(text);
}
