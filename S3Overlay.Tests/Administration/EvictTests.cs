using System.Text;
using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>An administrator evicts cached bytes. Written objects are untouched, and readers notice nothing (rules A5, E3).</summary>
[Trait("Rule", "E3")]
public abstract class EvictTests<TFixture>(TFixture fixture) : AdministrationTestBase<TFixture>(fixture)
    where TFixture : OverlayFixture
{
    [Fact]
    public async Task An_evicted_entry_is_read_from_the_remote_again()
    {
        var bucket = await NewBucketAsync("k", "k2");
        await HoldAsync(bucket, "k", "k2");
        Assert.Equal((true, 1, 6, 0), Counts(await CallAsync("POST", "drop", ("bucket", bucket), ("key", "k"))));
        await PutRemoteAsync(bucket, "k", "newer");
        Assert.Equal("newer", await SeenAsync(bucket, "k"));
        Assert.Equal("cache", await LayerAsync(bucket, "k2"));
    }

    [Fact]
    public async Task A_prefix_or_a_bucket_is_evicted_by_itself()
    {
        var (bucket, other) = (await NewBucketAsync("a", "p/1", "p/2", "p0"), await NewBucketAsync("a"));
        await HoldAsync(bucket, "a", "p/1", "p/2", "p0");
        await HoldAsync(other, "a");
        Assert.Equal((true, 2, 12, 0), Counts(await CallAsync("POST", "drop", ("bucket", bucket), ("prefix", "p/"))));
        Assert.Equal("cache", await LayerAsync(bucket, "p0"));
        Assert.Equal((true, 2, 12, 0), Counts(await CallAsync("POST", "drop", ("bucket", bucket))));
        Assert.Equal("cache", await LayerAsync(other, "a"));
        Assert.Equal("remote", await LayerAsync(bucket, "a"));
    }

    [Fact]
    public async Task Whole_entries_and_chunks_are_evicted()
    {
        await CallAsync("POST", "drop", ("all", "true"));
        var (bucket, other) = (await NewBucketAsync("small"), await NewBucketAsync());
        var large = new string('x', 3 << 20);
        await PutRemoteAsync(other, "large", large);
        await HoldAsync(bucket, "small");

        // Reads a whole chunk. After a smaller range, the rest of its chunk may still be on its way when the response has ended.
        var part = await Http.SendAsync("GET", $"/{other}/large", null, ("Range", "bytes=262144-524287"));
        Assert.Equal((206, 256 << 10), (part.Status, part.Body.Length));
        await CachedAsync(other, "large");
        var done = await CallAsync("POST", "drop", ("all", "true"));
        var (_, entries, bytes, failed) = Counts(done);
        Assert.Equal((2, 0), (entries, failed));

        // The chunk that was read. Read-ahead may have added more.
        Assert.InRange(bytes, 6 + (256 << 10), 6 + large.Length);
        Assert.Equal((true, 0, 0, 0), Counts(await CallAsync("POST", "drop", ("all", "true"))));
        Assert.Equal(large, await SeenAsync(other, "large"));
    }

    [Fact]
    public async Task What_was_written_or_deleted_stays_so()
    {
        var bucket = await NewBucketAsync("deleted", "held", "written");
        await HoldAsync(bucket, "deleted", "held", "written");
        await Fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "written", ContentBody = "mine" });
        await Fixture.S3.DeleteObjectAsync(bucket, "deleted");
        await CallAsync("POST", "drop", ("bucket", bucket));
        Assert.Equal(["held", "written"], await ListedAsync(bucket));
        Assert.Equal(("mine", null), (await SeenAsync(bucket, "written"), await SeenAsync(bucket, "deleted")));
        await CallAsync("POST", "drop", ("all", "true"));
        Assert.Equal("mine", await SeenAsync(bucket, "written"));
    }

    [Fact]
    public async Task A_running_read_gets_its_object_to_the_end()
    {
        var bucket = await NewBucketAsync();
        var text = string.Concat(Enumerable.Range(0, 1 << 20).Select(i => $"{i:d7}\n"));
        await PutRemoteAsync(bucket, "large", text);
        Assert.Equal(text, await SeenAsync(bucket, "large"));
        using var reader = await Fixture.S3.GetObjectAsync(bucket, "large");
        var buffer = new byte[1000];
        await reader.ResponseStream.ReadExactlyAsync(buffer);
        var done = await CallAsync("POST", "drop", ("bucket", bucket));
        Assert.Equal(1, done.GetProperty("entries").GetInt32());
        using var rest = new StreamReader(reader.ResponseStream, Encoding.ASCII);
        Assert.Equal(text, Encoding.ASCII.GetString(buffer) + await rest.ReadToEndAsync());
        Assert.Equal(text, await SeenAsync(bucket, "large"));
    }

    /// <summary>Reads objects until they are cached.</summary>
    private async Task HoldAsync(string bucket, params string[] keys)
    {
        foreach (var key in keys)
        {
            await SeenAsync(bucket, key);
            await CachedAsync(bucket, key);
        }
    }

    /// <summary>Entries are written to a store in the background.</summary>
    private Task CachedAsync(string bucket, string key) => Patience.UntilAsync(
        async () => (await Http.SendAsync("HEAD", $"/{bucket}/{key}")).Headers["x-s3overlay-layer"] == "cache", "It is not held.");

    private static (bool Done, int Entries, long Bytes, int Failed) Counts(JsonElement done) =>
        (done.GetProperty("done").GetBoolean(), done.GetProperty("entries").GetInt32(), done.GetProperty("bytes").GetInt64(),
            done.GetProperty("failed").GetInt32());
}
