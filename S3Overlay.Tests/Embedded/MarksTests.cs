using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>Tombstones and marks taken back in the built-in store: they stay so, whatever becomes of its index (rules D1, B4).</summary>
[Trait("Rule", "D1")]
public sealed class MarksTests
{
    [Fact]
    public async Task What_was_discarded_stays_so_without_the_index()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("written", [1]);
        foreach (var key in (string[])["gone", "again", "stays", "written"])
        {
            await bench.Layer.MarkDeletedAsync(Bucket, key, default);
        }

        await DiscardAsync(bench, "gone");
        await DiscardAsync(bench, "again");
        await DiscardAsync(bench, "written");
        await bench.Layer.MarkDeletedAsync(Bucket, "again", default);
        await CheckAsync();
        await bench.ReopenAsync();
        await CheckAsync();
        await bench.RebuildAsync();
        await CheckAsync();
        await bench.RebuildAsync();
        await CheckAsync();

        async Task CheckAsync()
        {
            Assert.Equal(["again", "stays"], await KeysAsync(bench));
            Assert.Equal([1], await bench.GetAsync("written"));
            Assert.Equal(KeyState.Nothing, await bench.Layer.ResolveAsync(Bucket, "gone", default));
            Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "again", default));
        }
    }

    [Fact]
    public async Task What_was_deleted_with_a_tombstone_stays_deleted_once_that_is_discarded()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        var lost = bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        await bench.DeleteAsync("key");
        await DiscardAsync(bench, "key");
        await bench.ReopenAsync(() =>
        {
            // The file's removal is lost in a power cut, and the index with it.
            foreach (var (path, bytes) in lost)
            {
                File.WriteAllBytes(path, bytes);
            }

            Directory.Delete(Path.Combine(bench.Folder, "index"), recursive: true);
        });
        Assert.Equal(KeyState.Nothing, await bench.Layer.ResolveAsync(Bucket, "key", default));
        Assert.Empty(await bench.ListAsync());
    }

    [Fact]
    public async Task A_crash_between_the_log_and_the_index_is_finished_at_the_next_start()
    {
        await using var bench = await OpenAsync();
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        await bench.Layer.MarkDeletedAsync(Bucket, "again", default);
        await bench.ReopenAsync();
        var index = Path.Combine(bench.Folder, "index");
        var before = FilesIn(index).ToDictionary(static path => path, File.ReadAllBytes);
        await DiscardAsync(bench, "key");
        await DiscardAsync(bench, "again");
        await bench.Layer.MarkDeletedAsync(Bucket, "again", default);
        await bench.ReopenAsync(() =>
        {
            // The log was synced, and the index is what it was before.
            foreach (var path in FilesIn(index))
            {
                File.Delete(path);
            }

            foreach (var (path, bytes) in before)
            {
                File.WriteAllBytes(path, bytes);
            }

            File.Delete(Path.Combine(bench.Folder, "CLEAN"));
        });
        Assert.Equal(["again"], await KeysAsync(bench));
    }

    [Fact]
    public async Task Only_the_tombstone_that_was_looked_at_is_discarded()
    {
        await using var bench = await OpenAsync();
        var marks = new EmbeddedMarks(bench.Store);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        var old = (await marks.FindAsync(Bucket, "key", default))!;
        Assert.Equal(DiscardOutcome.Discarded, await marks.DiscardAsync(Bucket, old, default));
        Assert.Equal(DiscardOutcome.Absent, await marks.DiscardAsync(Bucket, old, default));
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal(DiscardOutcome.Kept, await marks.DiscardAsync(Bucket, old, default));
        Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_buckets_mark_is_taken_back_without_the_tombstones_that_went_with_it()
    {
        await using var bench = await OpenAsync();
        var marks = new EmbeddedMarks(bench.Store);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal([Bucket], await marks.ListBucketsAsync(default).ToListAsync());
        await bench.Layer.DeleteBucketAsync(Bucket, default);
        Assert.Equal([Bucket], await marks.ListBucketsAsync(default).ToListAsync());
        Assert.Empty(await KeysAsync(bench));
        Assert.True(await marks.DiscardBucketAsync(Bucket, default));
        Assert.False(await marks.DiscardBucketAsync(Bucket, default));
        await CheckAsync();
        await bench.ReopenAsync();
        await CheckAsync();
        await bench.RebuildAsync();
        await CheckAsync();
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "key", default));

        async Task CheckAsync()
        {
            Assert.Equal(default, await bench.Layer.ResolveBucketAsync(Bucket, default));
            Assert.Equal(KeyState.Nothing, await bench.Layer.ResolveAsync(Bucket, "key", default));
            Assert.Empty(await new EmbeddedMarks(bench.Store).ListBucketsAsync(default).ToListAsync());
        }
    }

    /// <summary>Without the one that says whose the index is, which nobody else may open.</summary>
    private static List<string> FilesIn(string index) => [.. Directory.EnumerateFiles(index).Where(static path => Path.GetFileName(path) != "LOCK")];

    private static async Task DiscardAsync(EmbeddedBench bench, string key)
    {
        var marks = new EmbeddedMarks(bench.Store);
        Assert.Equal(DiscardOutcome.Discarded, await marks.DiscardAsync(Bucket, (await marks.FindAsync(Bucket, key, default))!, default));
    }

    private static async Task<List<string>> KeysAsync(EmbeddedBench bench) =>
        await new EmbeddedMarks(bench.Store).ListAsync(Bucket, "", "", default).Select(static tombstone => tombstone.Key).ToListAsync();
}
