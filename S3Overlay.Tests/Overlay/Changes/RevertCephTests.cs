using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>A revert of many kinds of changes between two real Ceph gateways (rule P3).</summary>
[Collection(CephCollection.Name)]
[NeedsCeph]
[Trait("Rule", "P3")]
public sealed class RevertCephTests(OverlayOnCephFixture fixture) : IClassFixture<OverlayOnCephFixture>
{
    private static readonly string[] Keys = ["deleted", "deep/a b\u00e4", "in parts", "over", "rewritten", "tagged"];

    [CephFact]
    public async Task The_remote_shows_again_with_its_bytes_metadata_and_tags()
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        var http = new SignedHttp(fixture.Proxy.Endpoint);
        foreach (var key in Keys)
        {
            await PutAsync(fixture.RemoteS3, bucket, key, "remote");
        }

        var before = await SeenAsync(fixture.RemoteS3, bucket);
        Assert.Equal(before, await SeenAsync(fixture.S3, bucket));
        await ChangeAsync(bucket);
        var changed = await SeenAsync(fixture.S3, bucket);
        Assert.All(before.Zip(changed), static pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.Equal(before, await SeenAsync(fixture.RemoteS3, bucket));

        var kept = await http.SendAsync("POST", $"/-/v1/revert?bucket={bucket}");
        Assert.Contains($"\"reverted\":{Keys.Length}", kept.Text, StringComparison.Ordinal);
        Assert.Equal(before, await SeenAsync(fixture.S3, bucket));
        Assert.NotNull(await ObjectSnapshot.TakeAsync(fixture.S3, bucket, "added"));
        var added = await http.SendAsync("POST", $"/-/v1/revert?bucket={bucket}&added=true");
        Assert.Contains("\"reverted\":1", added.Text, StringComparison.Ordinal);
        Assert.Null(await ObjectSnapshot.TakeAsync(fixture.S3, bucket, "added"));
        Assert.Single((await http.SendAsync("GET", $"/-/v1/changes?bucket={bucket}")).Text.TrimEnd('\n').Split('\n'));
        var listed = await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket });
        Assert.Equal(Keys.Order(StringComparer.Ordinal), listed.S3Objects.Select(static row => row.Key));
        Assert.Equal(before, await SeenAsync(fixture.RemoteS3, bucket));
    }

    private async Task ChangeAsync(string bucket)
    {
        foreach (var key in (string[])["over", "deep/a b\u00e4", "added"])
        {
            await PutAsync(fixture.S3, bucket, key, "mine");
        }

        await fixture.S3.DeleteObjectAsync(bucket, "deleted");
        await fixture.S3.DeleteObjectAsync(bucket, "rewritten");
        await PutAsync(fixture.S3, bucket, "rewritten", "mine");
        await fixture.S3.PutObjectTaggingAsync(new()
        {
            BucketName = bucket, Key = "tagged", Tagging = new() { TagSet = [new() { Key = "mine", Value = "1" }] },
        });
        var upload = (await fixture.S3.InitiateMultipartUploadAsync(bucket, "in parts")).UploadId;
        var part = await fixture.S3.UploadPartAsync(new()
        {
            BucketName = bucket, Key = "in parts", UploadId = upload, PartNumber = 1, InputStream = new MemoryStream("mine"u8.ToArray()),
        });
        await fixture.S3.CompleteMultipartUploadAsync(new()
        {
            BucketName = bucket, Key = "in parts", UploadId = upload, PartETags = [new(1, part.ETag)],
        });
    }

    private static Task PutAsync(IAmazonS3 client, string bucket, string key, string whose)
    {
        var put = new PutObjectRequest
        {
            BucketName = bucket, Key = key, ContentBody = $"{whose} {key}", ContentType = "text/x-" + whose,
            TagSet = [new() { Key = "whose", Value = whose }],
        };
        put.Headers.CacheControl = whose == "mine" ? "no-cache" : "max-age=1";
        put.Metadata.Add("whose", whose);
        return client.PutObjectAsync(put);
    }

    private static async Task<string?[]> SeenAsync(IAmazonS3 client, string bucket)
    {
        var seen = new List<string?>();
        foreach (var key in Keys)
        {
            seen.Add(await ObjectSnapshot.TakeAsync(client, bucket, key));
        }

        return [.. seen];
    }
}
