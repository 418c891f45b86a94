using System.Text.Json;

using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Tombstones that hide nothing, removed by an administrator (rules A5, D1).</summary>
[Trait("Rule", "D1")]
public abstract class CompactTests<TFixture>(TFixture fixture) : AdministrationTestBase<TFixture>(fixture)
    where TFixture : OverlayFixture
{
    [Fact]
    public async Task Only_tombstones_of_keys_that_the_remote_lacks_go()
    {
        string[] keys = [.. AwkwardKeys.All];
        var there = keys.Where((_, i) => i % 3 != 0).ToList();
        var bucket = await NewBucketAsync([.. there]);
        foreach (var key in keys)
        {
            await Fixture.S3.DeleteObjectAsync(bucket, key);
        }

        var done = await CallAsync("POST", "compact", ("bucket", bucket));
        Assert.Equal((true, keys.Length, keys.Length - there.Count, 0), Counts(done));
        Assert.Empty(await ListedAsync(bucket));
        await Fixture.RestartAsync();
        Assert.Empty(await ListedAsync(bucket));
        Assert.Equal((true, there.Count, 0, 0), Counts(await CallAsync("POST", "compact", ("bucket", bucket))));

        // A key that the remote gets later was never deleted here, unless its tombstone is still there.
        await PutRemoteAsync(bucket, keys[0]);
        await PutRemoteAsync(bucket, there[0]);
        Assert.Equal([keys[0]], await ListedAsync(bucket));
    }

    [Fact]
    public async Task Only_the_given_prefix_is_compacted()
    {
        var bucket = await NewBucketAsync("stays");
        foreach (var key in (string[])["a", "p/1", "p/2", "p0"])
        {
            await Fixture.S3.DeleteObjectAsync(bucket, key);
        }

        Assert.Equal((true, 2, 2, 0), Counts(await CallAsync("POST", "compact", ("bucket", bucket), ("prefix", "p/"))));
        Assert.Equal((true, 2, 2, 0), Counts(await CallAsync("POST", "compact", ("bucket", bucket))));
        Assert.Equal(["stays"], await ListedAsync(bucket));
    }

    [Fact]
    public async Task What_was_written_over_a_tombstone_stays()
    {
        var bucket = await NewBucketAsync("other");
        await Fixture.S3.DeleteObjectAsync(bucket, "k");
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "mine" });
        Assert.Equal((true, 1, 1, 0), Counts(await CallAsync("POST", "compact", ("bucket", bucket))));
        Assert.Equal("mine", await SeenAsync(bucket, "k"));
        await PutRemoteAsync(bucket, "k");
        await Fixture.S3.DeleteObjectAsync(bucket, "k");
        Assert.Null(await SeenAsync(bucket, "k"));
    }

    [Fact]
    public async Task A_bucket_that_the_remote_does_not_have_keeps_its_tombstones()
    {
        var bucket = await NewBucketAsync("k");
        await Fixture.S3.DeleteObjectAsync(bucket, "k");
        await Fixture.RemoteS3.DeleteObjectAsync(bucket, "k");
        await Fixture.RemoteS3.DeleteBucketAsync(bucket);
        Assert.Equal((409, "InvalidBucketState"), await RefusedAsync("POST", "compact", ("bucket", bucket)));
        await Fixture.RemoteS3.PutBucketAsync(bucket);
        await PutRemoteAsync(bucket, "k");
        Assert.Null(await SeenAsync(bucket, "k"));
    }

    [Fact]
    public async Task A_deleted_bucket_has_nothing_to_compact()
    {
        var bucket = await NewBucketAsync("k");
        await Fixture.S3.DeleteObjectAsync(bucket, "k");
        await Fixture.S3.DeleteBucketAsync(bucket);
        Assert.Equal((409, "InvalidBucketState"), await RefusedAsync("POST", "compact", ("bucket", bucket)));
    }

    [Fact]
    public async Task Without_a_bucket_nothing_is_compacted() => Assert
        .Equal((400, "InvalidArgument"), await RefusedAsync("POST", "compact"));

    private static (bool Done, int Tombstones, int Removed, int Kept) Counts(JsonElement done) =>
        (done.GetProperty("done").GetBoolean(), done.GetProperty("tombstones").GetInt32(), done.GetProperty("removed").GetInt32(),
            done.GetProperty("kept").GetInt32());
}
