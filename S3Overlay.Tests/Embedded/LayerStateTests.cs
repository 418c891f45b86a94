using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class LayerStateTests
{
    [Fact]
    [Trait("Rule", "D1")]
    public async Task A_write_outranks_a_tombstone_and_leaves_it()
    {
        await using var bench = await OpenAsync();
        Assert.Equal(KeyState.Nothing, await StateAsync(bench));
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal(KeyState.Deleted, await StateAsync(bench));
        await bench.PutAsync("key", [1]);
        Assert.Equal(KeyState.Written, await StateAsync(bench));
        await bench.DeleteAsync("key");
        Assert.Equal(KeyState.Deleted, await StateAsync(bench));
        await bench.ReopenAsync();
        Assert.Equal(KeyState.Deleted, await StateAsync(bench));
    }

    [Fact]
    public async Task A_tombstone_on_a_written_key_deletes_nothing_by_itself()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal(KeyState.Written, await StateAsync(bench));
        await bench.RebuildAsync();
        Assert.Equal(KeyState.Written, await StateAsync(bench));
        await bench.DeleteAsync("key");
        await bench.RebuildAsync();
        Assert.Equal(KeyState.Deleted, await StateAsync(bench));
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_deleted_bucket_hides_the_remote_and_its_tombstones_go_with_it()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        var refused = await Assert.ThrowsAsync<S3Exception>(async () => await bench.Layer.DeleteBucketAsync(Bucket, default));
        Assert.Equal(S3Errors.BucketNotEmpty, refused.Error);
        await bench.DeleteAsync("key");
        await bench.Layer.DeleteBucketAsync(Bucket, default);
        await bench.Layer.DeleteBucketAsync("never-here", default);
        await CheckAsync();
        await bench.ReopenAsync();
        await CheckAsync();
        await bench.RebuildAsync();
        await CheckAsync();

        await bench.Layer.EnsureBucketAsync(Bucket, default);
        Assert.Equal(new BucketState(true, true), await bench.Layer.ResolveBucketAsync(Bucket, default));
        Assert.Equal(KeyState.Nothing, await bench.Layer.ResolveAsync(Bucket, "gone", default));
        await bench.SendAsync(S3Operation.DeleteBucket, "");
        Assert.Equal(new BucketState(false, true), await bench.Layer.ResolveBucketAsync(Bucket, default));

        async Task CheckAsync()
        {
            Assert.Equal(new BucketState(false, true), await bench.Layer.ResolveBucketAsync(Bucket, default));
            Assert.Equal(new BucketState(false, true), await bench.Layer.ResolveBucketAsync("never-here", default));
            Assert.Equal(KeyState.Nothing, await bench.Layer.ResolveAsync(Bucket, "gone", default));
            Assert.Empty(await bench.Layer.ListDeletedAsync(Bucket, "", "", default).ToListAsync());
            Assert.Empty(await bench.Layer.ListBucketsAsync(default));
        }
    }

    [Fact]
    [Trait("Rule", "B2")]
    public async Task Concurrent_callers_create_a_bucket_once()
    {
        await using var bench = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => bench.Layer.EnsureBucketAsync("other", default).AsTask()));
        Assert.Equal(["bucket", "other"], (await bench.Layer.ListBucketsAsync(default)).Select(static bucket => bucket.Name));
    }

    /// <summary>
    /// Tombstones go with their bucket, whose own tombstone hides the remote then. A read that finds no tombstone of a key looks at the
    /// bucket next, and must find that.
    /// </summary>
    [Fact]
    [Trait("Rule", "B4")]
    [Trait("Rule", "R2")]
    public async Task A_read_during_the_delete_of_a_bucket_never_sees_the_remote_through_it()
    {
        await using var bench = await EmbeddedBench.OpenAsync();
        for (var i = 0; i < 500; i++)
        {
            var bucket = $"deleted-{i}";
            await bench.Layer.MarkDeletedAsync(bucket, "key", null, default);
            var isDeleted = false;
            var looking = Task.Run(async () =>
            {
                while (!Volatile.Read(ref isDeleted) && await bench.Layer.ResolveAsync(bucket, "key", default) == KeyState.Deleted)
                {
                }

                return await bench.Layer.ResolveBucketAsync(bucket, default);
            });
            try
            {
                await bench.Layer.DeleteBucketAsync(bucket, default);
            }
            finally
            {
                Volatile.Write(ref isDeleted, true);
            }

            Assert.True((await looking).IsOpaque, $"The remote shows in round {i}.");
        }
    }

    private static ValueTask<KeyState> StateAsync(EmbeddedBench bench) => bench.Layer.ResolveAsync(Bucket, "key", default);
}
