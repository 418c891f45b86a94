using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>Undeleted keys and buckets in the built-in store stay undeleted, even without its database (rules D1, B4).</summary>
[Trait("Rule", "D1")]
public sealed class MarksTests
{
    [Fact]
    public async Task An_undelete_stays_without_the_database()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("written", [1]);
        foreach (var key in (string[])["gone", "again", "stays", "written"])
        {
            await bench.Layer.MarkDeletedAsync(Bucket, key, default);
        }

        await UndeleteAsync(bench, "gone");
        await UndeleteAsync(bench, "again");
        await UndeleteAsync(bench, "written");
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
    public async Task How_many_there_are_is_known_whatever_becomes_of_them()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("written", [1]);
        foreach (var key in (string[])["a", "b", "b", "c", "written"])
        {
            await bench.Layer.MarkDeletedAsync(Bucket, key, default);
        }

        await CountsAsync(4);
        await UndeleteAsync(bench, "a");
        await CountsAsync(3);
        await bench.ReopenAsync();
        await CountsAsync(3);
        await bench.RebuildAsync();
        await CountsAsync(3);
        await bench.Layer.MarkDeletedAsync(Bucket, "a", default);
        await bench.Layer.MarkDeletedAsync(Bucket, "b", default);
        await CountsAsync(4);

        // They go with their bucket.
        await bench.DeleteAsync("written");
        await bench.Layer.DeleteBucketAsync(Bucket, default);
        await CountsAsync(0);
        await bench.Layer.EnsureBucketAsync(Bucket, default);
        await bench.Layer.MarkDeletedAsync(Bucket, "b", default);
        await CountsAsync(1);
        await bench.ReopenAsync();
        await CountsAsync(1);

        Task CountsAsync(long count) => Patience.UntilAsync(() => bench.Store.Tombstones.Count == count, $"There are not {count}.");
    }

    [Fact]
    public async Task A_deleted_object_stays_deleted_once_its_tombstone_is_removed()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        var lost = bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        await bench.DeleteAsync("key");
        await UndeleteAsync(bench, "key");
        await bench.ReopenAsync(() =>
        {
            // The file's removal is lost in a power cut, and the database with it.
            foreach (var (path, bytes) in lost)
            {
                File.WriteAllBytes(path, bytes);
            }

            bench.ForgetDatabase();
        });
        Assert.Equal(KeyState.Nothing, await bench.Layer.ResolveAsync(Bucket, "key", default));
        Assert.Empty(await bench.ListAsync());
    }

    [Fact]
    public async Task A_crash_between_the_log_and_the_database_is_finished_at_the_next_start()
    {
        await using var bench = await OpenAsync();
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        await bench.Layer.MarkDeletedAsync(Bucket, "again", default);
        await bench.ReopenAsync();
        var before = FilesOf(bench).ToDictionary(static path => path, File.ReadAllBytes);
        await UndeleteAsync(bench, "key");
        await UndeleteAsync(bench, "again");
        await bench.Layer.MarkDeletedAsync(Bucket, "again", default);
        await bench.ReopenAsync(() =>
        {
            // The log was synced, and the database is what it was before.
            foreach (var path in FilesOf(bench))
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
    public async Task Only_the_tombstone_that_was_read_is_removed()
    {
        await using var bench = await OpenAsync();
        var marks = new EmbeddedTombstones(bench.Store);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        var old = (await marks.FindAsync(Bucket, "key", default))!;
        Assert.Equal(UndeleteOutcome.Undeleted, await marks.UndeleteAsync(Bucket, old, default));
        Assert.Equal(UndeleteOutcome.Absent, await marks.UndeleteAsync(Bucket, old, default));
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal(UndeleteOutcome.Kept, await marks.UndeleteAsync(Bucket, old, default));
        Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_buckets_tombstone_is_removed_without_those_of_its_keys()
    {
        await using var bench = await OpenAsync();
        var marks = new EmbeddedTombstones(bench.Store);
        await bench.Layer.MarkDeletedAsync(Bucket, "key", default);
        Assert.Equal([Bucket], await marks.ListBucketsAsync(default).ToListAsync());
        await bench.Layer.DeleteBucketAsync(Bucket, default);
        Assert.Equal([Bucket], await marks.ListBucketsAsync(default).ToListAsync());
        Assert.Empty(await KeysAsync(bench));
        Assert.True(await marks.UndeleteBucketAsync(Bucket, default));
        Assert.False(await marks.UndeleteBucketAsync(Bucket, default));
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
            Assert.Empty(await new EmbeddedTombstones(bench.Store).ListBucketsAsync(default).ToListAsync());
        }
    }

    private static List<string> FilesOf(EmbeddedBench bench) => [.. Directory.EnumerateFiles(bench.Folder, "store.*")];

    private static async Task UndeleteAsync(EmbeddedBench bench, string key)
    {
        var marks = new EmbeddedTombstones(bench.Store);
        Assert.Equal(UndeleteOutcome.Undeleted, await marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, key, default))!, default));
    }

    private static async Task<List<string>> KeysAsync(EmbeddedBench bench) =>
        await new EmbeddedTombstones(bench.Store).ListAsync(Bucket, "", "", default)
            .Select(static tombstone => tombstone.Key).ToListAsync();
}
