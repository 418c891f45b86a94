using System.Net;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>An overlaid bucket whose local half, in a real store, keeps versions (rules V1 to V4).</summary>
public abstract class VersionedBuckets<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : OverlayFixture
{
    private readonly AmazonS3Client _s3 = fixture.S3;

    [Fact]
    [Trait("Rule", "V1")]
    [Trait("Rule", "V3")]
    [Trait("Rule", "V4")]
    public async Task Versions_are_written_listed_read_deleted_and_restored_over_the_remote()
    {
        var bucket = await NewBucketAsync("a", "k", "z é+%");
        var one = (await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "one" })).VersionId;
        var two = (await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "two" })).VersionId;
        var marker = (await _s3.DeleteObjectAsync(bucket, "k")).VersionId;
        var hidden = (await _s3.DeleteObjectAsync(bucket, "a")).VersionId;
        foreach (var size in (int[])[1, 2, 1000])
        {
            Assert.Equal([$"a {hidden} latest marker", $"k {marker} latest marker", $"k {two}", $"k {one}", "z é+% null latest"],
                await ListAsync(bucket, size));
        }

        await Assert.ThrowsAsync<NoSuchKeyException>(() => _s3.GetObjectAsync(bucket, "k"));
        Assert.Equal("one", await TextAsync(bucket, "k", one));
        Assert.Equal("two", await TextAsync(bucket, "k", two));
        await _s3.DeleteObjectAsync(bucket, "k", two);
        await _s3.DeleteObjectAsync(bucket, "k", marker);
        Assert.Equal("one", await TextAsync(bucket, "k"));
        await _s3.DeleteObjectAsync(bucket, "k", one);
        Assert.Equal("remote k", await TextAsync(bucket, "k"));
        await _s3.DeleteObjectAsync(bucket, "a", hidden);
        Assert.Equal("remote a", await TextAsync(bucket, "a"));
        Assert.Equal(["a null latest", "k null latest", "z é+% null latest"], await ListAsync(bucket, 2));
    }

    [Fact]
    [Trait("Rule", "V2")]
    public async Task Deleting_a_version_that_neither_layer_has_changes_nothing()
    {
        var bucket = await NewBucketAsync("k");
        var deleted = await _s3.DeleteObjectAsync(bucket, "k", "IQfOmnTwwRP23bDhqScAHNG2WWAcgpS");
        Assert.Equal(HttpStatusCode.NoContent, deleted.HttpStatusCode);
        Assert.Equal("remote k", await TextAsync(bucket, "k"));
    }

    /// <summary>As every tool does it: delete each version by its id until there is none.</summary>
    [Fact]
    [Trait("Rule", "V3")]
    [Trait("Rule", "B4")]
    public async Task A_bucket_is_emptied_by_its_list_of_versions_and_then_deleted()
    {
        var bucket = await NewBucketAsync("a", "dir/b", "dir/c");
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "dir/b", ContentBody = "mine" });
        await _s3.PutObjectAsync(new() { BucketName = bucket, Key = "new", ContentBody = "mine" });
        await _s3.DeleteObjectAsync(bucket, "a");
        for (var rounds = 0; await _s3
            .ListVersionsAsync(new ListVersionsRequest { BucketName = bucket }) is { Versions.Count: > 0 } left; rounds++)
        {
            Assert.InRange(rounds, 0, 5);
            await _s3.DeleteObjectsAsync(new()
            {
                BucketName = bucket,
                Objects = [.. left.Versions.Select(version => new KeyVersion { Key = version.Key, VersionId = version.VersionId })],
            });
        }

        await _s3.DeleteBucketAsync(bucket);
        Assert.Equal(3, (await fixture.RemoteS3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Count);
    }

    private async Task<string> NewBucketAsync(params string[] keys)
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in keys)
        {
            await fixture.RemoteS3.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "remote " + key });
        }

        await _s3.PutBucketVersioningAsync(new() { BucketName = bucket, VersioningConfig = new() { Status = VersionStatus.Enabled } });
        return bucket;
    }

    private async Task<List<string>> ListAsync(string bucket, int pageSize)
    {
        var rows = new List<string>();
        var request = new ListVersionsRequest { BucketName = bucket, MaxKeys = pageSize };
        for (ListVersionsResponse? page = null; page is null || page.IsTruncated == true;)
        {
            page = await _s3.ListVersionsAsync(request);
            rows.AddRange(page.Versions.Select(
                version => $"{version.Key} {version.VersionId}{(version.IsLatest == true ? " latest" : "")}"
                    + (version.IsDeleteMarker == true ? " marker" : "")));
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }

        return rows;
    }

    private async Task<string> TextAsync(string bucket, string key, string? version = null)
    {
        using var response = await _s3.GetObjectAsync(new() { BucketName = bucket, Key = key, VersionId = version });
        using var reader = new StreamReader(response.ResponseStream);
        return await reader.ReadToEndAsync();
    }
}
