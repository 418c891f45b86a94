using System.Text.Json;

using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>What clients see of a key or bucket, and why, layer by layer (rule A5).</summary>
[Trait("Rule", "A5")]
public abstract class ExplainTests<TFixture>(TFixture fixture) : AdministrationTestBase<TFixture>(fixture)
    where TFixture : OverlayFixture
{
    [Fact]
    public async Task A_remote_object_is_explained_before_and_after_it_is_cached()
    {
        var bucket = await NewBucketAsync("k");
        var cold = await ExplainAsync(bucket, "k");
        Assert.Equal((true, "remote", "remote"), Verdict(cold));
        Assert.Equal(JsonValueKind.Null, cold.GetProperty("held").ValueKind);
        Assert.Equal(("yes", 6, bucket, "k"), Remote(cold));
        await SeenAsync(bucket, "k");
        var warm = await ExplainAsync(bucket, "k");
        Assert.Equal((true, "cache", "held"), Verdict(warm));
        var held = warm.GetProperty("held");
        Assert.Equal(("whole", 6, 6, true, true), (
            held.GetProperty("form").GetString(),
            held.GetProperty("bytes").GetInt64(),
            held.GetProperty("size").GetInt64(),
            held.GetProperty("used").GetBoolean(),
            held.GetProperty("current").GetBoolean()));
        Assert.Equal(warm.GetProperty("remote").GetProperty("etag").GetString(), held.GetProperty("etag").GetString());
        Assert.True(held.GetProperty("age").GetInt64() >= 0);
        Assert.True(DateTimeOffset.TryParse(held.GetProperty("validated").GetString(), out _));
    }

    [Fact]
    public async Task An_entry_of_an_old_version_is_reported()
    {
        var bucket = await NewBucketAsync("changed", "gone");
        await SeenAsync(bucket, "changed");
        await SeenAsync(bucket, "gone");
        await PutRemoteAsync(bucket, "changed", "newer");
        await Fixture.RemoteS3.DeleteObjectAsync(bucket, "gone");
        var changed = await ExplainAsync(bucket, "changed");
        Assert.Equal((true, "cache", "held"), Verdict(changed));
        Assert.False(changed.GetProperty("held").GetProperty("current").GetBoolean());
        var gone = await ExplainAsync(bucket, "gone");
        Assert.Equal((true, "cache", "held"), Verdict(gone));
        Assert.Equal("no", gone.GetProperty("remote").GetProperty("found").GetString());
        Assert.NotEqual(changed.GetProperty("why").GetString(), gone.GetProperty("why").GetString());
    }

    [Fact]
    public async Task Chunks_are_counted()
    {
        var bucket = await NewBucketAsync();
        await PutRemoteAsync(bucket, "large", new string('x', 3 << 20));
        Assert.Equal(206, (await Http.SendAsync("GET", $"/{bucket}/large", null, ("Range", "bytes=300000-300009"))).Status);
        var explained = await ExplainAsync(bucket, "large");
        Assert.Equal((true, "remote", "partly-held"), Verdict(explained));
        var held = explained.GetProperty("held");
        Assert.Equal(("chunks", 256 << 10, 3 << 20), (
            held.GetProperty("form").GetString(), held.GetProperty("chunkSize").GetInt64(), held.GetProperty("size").GetInt64()));
        Assert.InRange(held.GetProperty("bytes").GetInt64(), 10, (3 << 20) - 1);
    }

    [Fact, Trait("Rule", "A5")]
    public async Task The_state_of_the_rest_of_an_object_is_reported()
    {
        var bucket = await NewBucketAsync();
        foreach (var key in (string[])["changed", "gone"])
        {
            await PutRemoteAsync(bucket, key, new string('x', 3 << 20));
            Assert.Equal(206, (await Http.SendAsync("GET", $"/{bucket}/{key}", null, ("Range", "bytes=300000-300009"))).Status);
        }

        await PutRemoteAsync(bucket, "changed", "newer");
        await Fixture.RemoteS3.DeleteObjectAsync(bucket, "gone");
        var changed = await ExplainAsync(bucket, "changed");
        Assert.Equal((true, "remote", "partly-held"), Verdict(changed));
        Assert.Contains("RemoteChanged", changed.GetProperty("why").GetString(), StringComparison.Ordinal);
        var gone = await ExplainAsync(bucket, "gone");
        Assert.Equal((true, "remote", "partly-held"), Verdict(gone));
        Assert.Contains("no longer", gone.GetProperty("why").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_writes_and_deletes_are_reported()
    {
        var bucket = await NewBucketAsync("both", "deleted", "again");
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "both", ContentBody = "mine" });
        await Fixture.S3.DeleteObjectAsync(bucket, "deleted");
        await Fixture.S3.DeleteObjectAsync(bucket, "again");
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "again", ContentBody = "mine" });
        var both = await ExplainAsync(bucket, "both");
        Assert.Equal((true, "local", "written"), Verdict(both));
        Assert.Equal(4, both.GetProperty("written").GetProperty("size").GetInt64());
        Assert.Equal((await Fixture.S3.GetObjectMetadataAsync(bucket, "both")).ETag,
            both.GetProperty("written").GetProperty("etag").GetString());
        Assert.Equal((JsonValueKind.Null, "yes"),
            (both.GetProperty("tombstone").ValueKind, both.GetProperty("remote").GetProperty("found").GetString()));
        var deleted = await ExplainAsync(bucket, "deleted");
        Assert.Equal((false, "local", "deleted"), Verdict(deleted));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Object),
            (deleted.GetProperty("written").ValueKind, deleted.GetProperty("tombstone").ValueKind));
        var again = await ExplainAsync(bucket, "again");
        Assert.Equal((true, "local", "written"), Verdict(again));
        Assert.Equal(JsonValueKind.Object, again.GetProperty("tombstone").ValueKind);
    }

    [Fact]
    public async Task Absence_is_reported_and_the_remote_is_only_asked_if_wanted()
    {
        var bucket = await NewBucketAsync("k");
        Assert.Equal((false, null, "absent"), Verdict(await ExplainAsync(bucket, "absent")));
        Assert.Equal((false, null, "absent"), Verdict(await ExplainAsync("no-such-bucket", "absent")));
        var unasked = await CallAsync("GET", "explain", ("bucket", bucket), ("key", "k"), ("remote", "false"));
        Assert.Equal((null, null, "unknown"), Verdict(unasked));
        Assert.Equal("not-asked", unasked.GetProperty("remote").GetProperty("found").GetString());
    }

    [Fact]
    public async Task Any_key_is_explained()
    {
        string[] keys = [.. AwkwardKeys.All];
        var bucket = await NewBucketAsync(keys);
        foreach (var key in keys)
        {
            var explained = await ExplainAsync(bucket, key);
            Assert.Equal(key, explained.GetProperty("key").GetString());
            Assert.Equal((true, "remote", "remote"), Verdict(explained));
        }
    }

    [Fact]
    public async Task Buckets_are_explained()
    {
        var bucket = await NewBucketAsync("k");
        Assert.Equal((true, false, false, "yes"), Bucket(await CallAsync("GET", "explain", ("bucket", bucket))));
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "mine", ContentBody = "mine" });
        Assert.Equal((true, true, false, "not-asked"), Bucket(await CallAsync("GET", "explain", ("bucket", bucket), ("remote", "false"))));
        await Fixture.S3.DeleteObjectAsync(bucket, "mine");
        await Fixture.S3.DeleteObjectAsync(bucket, "k");
        await Fixture.S3.DeleteBucketAsync(bucket);
        Assert.Equal((false, false, true, "yes"), Bucket(await CallAsync("GET", "explain", ("bucket", bucket))));
        Assert.Equal((false, "local", "bucket-deleted"), Verdict(await ExplainAsync(bucket, "k")));
        Assert.Equal((false, false, false, "no"), Bucket(await CallAsync("GET", "explain", ("bucket", "no-such-bucket"))));
        Assert.Equal((null, false, false, "not-asked"),
            Bucket(await CallAsync("GET", "explain", ("bucket", "no-such-bucket"), ("remote", "false"))));
    }

    private Task<JsonElement> ExplainAsync(string bucket, string key) => CallAsync("GET", "explain", ("bucket", bucket), ("key", key));

    private static (bool? Visible, string? Layer, string? Reason) Verdict(JsonElement explained)
    {
        Assert.NotEmpty(explained.GetProperty("why").GetString()!);
        return (Visible(explained), explained.GetProperty("layer").GetString(), explained.GetProperty("reason").GetString());
    }

    private static bool? Visible(JsonElement explained) =>
        explained.GetProperty("visible") is { ValueKind: not JsonValueKind.Null } visible ? visible.GetBoolean() : null;

    private static (string? Found, long Size, string? Bucket, string? Key) Remote(JsonElement explained)
    {
        var remote = explained.GetProperty("remote");
        return (remote.GetProperty("found").GetString(), remote.GetProperty("size").GetInt64(), remote.GetProperty("bucket").GetString(),
            remote.GetProperty("key").GetString());
    }

    private static (bool? Visible, bool Local, bool Deleted, string? Remote) Bucket(JsonElement explained)
    {
        Assert.NotEmpty(explained.GetProperty("why").GetString()!);
        return (Visible(explained), explained.GetProperty("local").GetBoolean(), explained.GetProperty("deleted").GetBoolean(),
            explained.GetProperty("remote").GetProperty("found").GetString());
    }
}
