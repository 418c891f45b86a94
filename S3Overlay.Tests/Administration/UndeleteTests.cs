using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>An administrator undeletes keys and buckets: the remote shows again, and nothing else changes (rules A5, D1, B4).</summary>
[Trait("Rule", "A5")]
public abstract class UndeleteTests<TFixture>(TFixture fixture) : AdministrationTestBase<TFixture>(fixture)
    where TFixture : OverlayFixture
{
    [Fact]
    public async Task Only_the_tombstone_of_the_key_is_removed()
    {
        var bucket = await NewBucketAsync("k", "k2");
        await DeleteAsync(bucket, "k", "k2");
        var done = await CallAsync("POST", "discard", ("bucket", bucket), ("key", "k"));
        Assert.Equal((true, 1, 0, 0), Counts(done));
        Assert.Equal(("remote", null), (await SeenAsync(bucket, "k"), await SeenAsync(bucket, "k2")));
        Assert.Equal(["k"], await ListedAsync(bucket));
        Assert.Equal((true, 0, 0, 0), Counts(await CallAsync("POST", "discard", ("bucket", bucket), ("key", "k"))));
    }

    [Fact]
    public async Task An_undeleted_key_shows_the_remotes_current_object()
    {
        var bucket = await NewBucketAsync("k");
        Assert.Equal("remote", await SeenAsync(bucket, "k"));
        await DeleteAsync(bucket, "k");
        await PutRemoteAsync(bucket, "k", "newer");
        await CallAsync("POST", "discard", ("bucket", bucket), ("key", "k"));
        Assert.Equal("newer", await SeenAsync(bucket, "k"));
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task An_undeleted_key_stays_so_after_a_restart_and_can_be_deleted_again()
    {
        var bucket = await NewBucketAsync("a", "b");
        await DeleteAsync(bucket, "a", "b");
        await CallAsync("POST", "discard", ("bucket", bucket), ("key", "a"));
        await Fixture.RestartAsync();
        Assert.Equal(["a"], await ListedAsync(bucket));
        await DeleteAsync(bucket, "a");
        await Fixture.RestartAsync();
        Assert.Empty(await ListedAsync(bucket));
        Assert.Null(await SeenAsync(bucket, "a"));
    }

    [Fact]
    public async Task A_prefix_undeletes_what_is_under_it()
    {
        var bucket = await NewBucketAsync("a", "p/1", "p/2", "p0");
        await DeleteAsync(bucket, "a", "p/1", "p/2", "p0");
        Assert.Equal((true, 2, 0, 0), Counts(await CallAsync("POST", "discard", ("bucket", bucket), ("prefix", "p/"))));
        Assert.Equal(["p/1", "p/2"], await ListedAsync(bucket));
    }

    [Fact]
    public async Task Any_key_can_be_undeleted()
    {
        string[] keys = [.. AwkwardKeys.All];
        var bucket = await NewBucketAsync(keys);
        await DeleteAsync(bucket, keys);
        Assert.Empty(await ListedAsync(bucket));
        foreach (var key in keys.Where((_, i) => i % 2 == 0))
        {
            Assert.Equal((true, 1, 0, 0), Counts(await CallAsync("POST", "discard", ("bucket", bucket), ("key", key))));
        }

        Assert.Equal((true, keys.Length / 2, 0, 0), Counts(await CallAsync("POST", "discard", ("bucket", bucket))));
        Assert.Equal(keys.Length, (await ListedAsync(bucket)).Length);
    }

    [Fact]
    public async Task What_was_written_stays()
    {
        var bucket = await NewBucketAsync("k");
        await DeleteAsync(bucket, "k");
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "written" });
        Assert.Equal((true, 1, 0, 0), Counts(await CallAsync("POST", "discard", ("bucket", bucket))));
        Assert.Equal("written", await SeenAsync(bucket, "k"));
        await DeleteAsync(bucket, "k");
        Assert.Null(await SeenAsync(bucket, "k"));
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task The_tombstone_of_a_deleted_bucket_is_removed_with_those_of_its_keys()
    {
        var bucket = await NewBucketAsync("a", "b");
        await DeleteAsync(bucket, "a", "b");
        await Fixture.S3.DeleteBucketAsync(bucket);
        Assert.Null(await SeenAsync(bucket, "a"));
        Assert.Equal((409, "InvalidBucketState"), await RefusedAsync("POST", "discard", ("bucket", bucket), ("key", "a")));
        Assert.Equal((409, "InvalidBucketState"), await RefusedAsync("POST", "discard", ("bucket", bucket), ("prefix", "")));
        Assert.Equal((true, 0, 1, 0), Counts(await CallAsync("POST", "discard", ("bucket", bucket))));
        Assert.Equal(["a", "b"], await ListedAsync(bucket));
        await Fixture.RestartAsync();
        Assert.Equal("remote", await SeenAsync(bucket, "b"));
        await DeleteAsync(bucket, "b");
        Assert.Equal(["a"], await ListedAsync(bucket));
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_recreated_bucket_shows_the_remote_again_under_what_was_written()
    {
        var bucket = await NewBucketAsync("a", "b");
        await DeleteAsync(bucket, "a", "b");
        await Fixture.S3.DeleteBucketAsync(bucket);
        await Fixture.S3.PutBucketAsync(bucket);
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "b", ContentBody = "written" });
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "c", ContentBody = "written" });
        Assert.Equal(["b", "c"], await ListedAsync(bucket));
        await CallAsync("POST", "discard", ("bucket", bucket));
        Assert.Equal(["a", "b", "c"], await ListedAsync(bucket));
        Assert.Equal(("remote", "written"), (await SeenAsync(bucket, "a"), await SeenAsync(bucket, "b")));
    }

    [Fact]
    public async Task Everything_is_undeleted_at_once()
    {
        await CallAsync("POST", "discard", ("all", "true"));
        var (one, other, gone) = (await NewBucketAsync("a"), await NewBucketAsync("a", "b"), await NewBucketAsync("a"));
        await DeleteAsync(one, "a");
        await DeleteAsync(other, "a", "b");
        await DeleteAsync(gone, "a");
        await Fixture.S3.DeleteBucketAsync(gone);
        Assert.Equal((true, 3, 1, 0), Counts(await CallAsync("POST", "discard", ("all", "true"))));
        Assert.Equal((1, 2, 1), ((await ListedAsync(one)).Length, (await ListedAsync(other)).Length, (await ListedAsync(gone)).Length));
        Assert.Equal((true, 0, 0, 0), Counts(await CallAsync("POST", "discard", ("all", "true"))));
    }

    private async Task DeleteAsync(string bucket, params string[] keys)
    {
        foreach (var key in keys)
        {
            await Fixture.S3.DeleteObjectAsync(bucket, key);
        }
    }

    private static (bool Done, int Tombstones, int Buckets, int Kept) Counts(System.Text.Json.JsonElement done) =>
        (done.GetProperty("done").GetBoolean(), done.GetProperty("tombstones").GetInt32(), done.GetProperty("buckets").GetInt32(),
            done.GetProperty("kept").GetInt32());
}
