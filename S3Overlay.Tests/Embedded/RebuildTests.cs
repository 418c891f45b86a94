using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class RebuildTests
{
    [Fact]
    public async Task Without_its_index_the_store_responds_the_same()
    {
        await using var bench = await OpenAsync();
        for (var i = 0; i < 30; i++)
        {
            await bench.PutAsync($"k{i:d2}", Bytes(i * 100, i), ("x-amz-meta-n", $"{i}"));
        }

        await bench.PutAsync("k05", [5], ("x-amz-tagging", "old=1"));
        await bench.SendAsync(S3Operation.PutObjectTagging, "k05", TextBody(
            "<Tagging><TagSet><Tag><Key>new</Key><Value>2</Value></Tag></TagSet></Tagging>"), "tagging");
        await bench.DeleteAsync("k06");
        await bench.Layer.MarkDeletedAsync(Bucket, "hidden", default);
        await bench.Layer.MarkDeletedAsync(Bucket, "k07", default);
        await bench.DeleteAsync("k07");
        await bench.Layer.MarkDeletedAsync(Bucket, "k08", default);
        await bench.DeleteAsync("k08");
        await bench.PutAsync("k08", [8]);
        var open = await MultipartTests.StartAsync(bench, "key");
        await MultipartTests.UploadAsync(bench, open, 1, Bytes(5000, 50));
        var last = await MultipartTests.UploadAsync(bench, open, 2, Bytes(77, 51));
        var done = await MultipartTests.StartAsync(bench, "key");
        var tags = new[] { await MultipartTests.UploadAsync(bench, done, 1, Bytes(2000, 60)),
            await MultipartTests.UploadAsync(bench, done, 2, Bytes(10, 61)) };
        var completed = await MultipartTests.CompleteAsync(bench, done, tags);
        var before = await DescribeAsync(bench);

        await bench.RebuildAsync();

        Assert.Equal(before, await DescribeAsync(bench));
        byte[] whole = [.. Bytes(2000, 60), .. Bytes(10, 61)];
        Assert.Equal(whole, await bench.GetAsync("key"));
        Assert.Equal(completed.Content.ToArray(), (await MultipartTests.CompleteAsync(bench, done, tags)).Content.ToArray());
        Assert.Equal(Bytes(2900, 29), await bench.GetAsync("k29"));
        Assert.Equal("new", Text(await bench.SendAsync(S3Operation.GetObjectTagging, "k05", null, "tagging"), "Key"));
        Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "hidden", default));
        Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "k07", default));
        Assert.Equal(KeyState.Written, await bench.Layer.ResolveAsync(Bucket, "k08", default));
        var parts = await bench.SendAsync(S3Operation.ListParts, "key", null, MultipartTests.Id(open));
        Assert.Equal(2, Xml(parts).Descendants().Count(static e => e.Name.LocalName == "Part"));
        Assert.Contains(last, Xml(parts).Descendants().Select(static e => e.Value));
        await bench.RebuildAsync();
        Assert.Equal(before, await DescribeAsync(bench));
    }

    [Fact]
    public async Task Files_whose_removal_was_lost_stay_deleted()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("replaced", [1]);
        await bench.PutAsync("deleted", [1]);
        var lost = bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await bench.PutAsync("replaced", [2]);
        await bench.DeleteAsync("deleted");
        await bench.ReopenAsync(() =>
        {
            foreach (var (path, bytes) in lost)
            {
                File.WriteAllBytes(path, bytes);
            }

            bench.ForgetDatabase();
        });

        Assert.Equal(["replaced"], await bench.ListAsync());
        Assert.Equal([2], await bench.GetAsync("replaced"));
        Assert.Single(bench.Files("objects"));
    }

    [Fact]
    [Trait("Rule", "F-killed")]
    public async Task After_a_crash_what_was_never_acknowledged_is_removed()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.ReopenAsync();
        Assert.True(bench.Store.Tidying.IsCompletedSuccessfully || !bench.Store.Objects.FollowsCrash);
        await bench.PutAsync("deleted", [2]);
        var orphan = bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await bench.DeleteAsync("deleted");
        await bench.ReopenAsync(() =>
        {
            foreach (var (path, bytes) in orphan)
            {
                File.WriteAllBytes(path, bytes);
            }

            File.WriteAllBytes(Path.Combine(bench.Folder, "incoming", FileId.New().ToString()), Bytes(5000));
            File.Delete(Path.Combine(bench.Folder, "CLEAN"));
        });
        await bench.Store.Tidying;

        Assert.False(bench.Store.Objects.MayHaveOrphans);
        Assert.Single(bench.Files("objects"));
        Assert.Empty(bench.Files("incoming"));
        Assert.Equal(["key"], await bench.ListAsync());
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    [Fact]
    public async Task A_torn_file_is_not_taken_for_an_object()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", Bytes(5000));
        await bench.ReopenAsync(() =>
        {
            var id = FileId.New();
            var whole = File.ReadAllBytes(bench.Files("objects").First());
            whole[FilePreamble.Size + 3] ^= 1;
            WriteObject(bench, id, whole);
            WriteObject(bench, default, Bytes(10));
            bench.ForgetDatabase();
        });
        Assert.Equal(Bytes(5000), await bench.GetAsync("key"));
    }

    [Fact]
    public async Task A_damaged_database_is_built_again()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.ReopenAsync(() => Damage(bench, from: 0));
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    /// <summary>A write during the rebuild is refused and leaves nothing; after it everything is as before.</summary>
    [Fact]
    [Trait("Rule", "F-damaged")]
    public async Task Damage_met_while_serving_is_503_until_the_database_is_rebuilt()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        await bench.ReopenAsync();
        Damage(bench, from: FilePages);
        Assert.Equal("ServiceUnavailable", await bench.FailAsync(S3Operation.HeadObject, "key"));
        await bench.Store.Rows.Rebuilding;
        Assert.Contains("DatabaseDamaged", bench.Log.Names);
        Assert.Equal([1], await bench.GetAsync("key"));
        Assert.Equal(KeyState.Deleted, await bench.Layer.ResolveAsync(Bucket, "gone", default));
        await bench.PutAsync("new", [2]);
        await bench.ReopenAsync();
        Assert.Equal(["key", "new"], await bench.ListAsync());
        Assert.False(File.Exists(Path.Combine(bench.Folder, "REBUILD")));
    }

    /// <summary>Its file has its name already. Taken for the object, it would replace the acknowledged one, and then be removed.</summary>
    [Fact]
    [Trait("Rule", "F-damaged")]
    public async Task A_write_that_a_rebuild_refuses_does_not_replace_the_object()
    {
        var disk = new HaltingDisk();
        await using var bench = await OpenAsync(disk);
        bench.MakeFolders();
        await bench.PutAsync("key", [1]);
        await bench.ReopenAsync();
        disk.IsHalted = true;
        var refused = bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([2]));
        await disk.Halted.WaitAsync(Patience.Limit);
        Assert.Equal(S3Errors.ServiceUnavailable, Assert.Throws<S3Exception>(() => bench.Store.Rows.Read<int, int>(
            0, static (_, _) => throw new DatabaseDamagedException("A page is damaged."))).Error);
        await Patience.UntilAsync(() => bench.Store.Rows.AwaitsWrites || bench.Store.Rows.Rebuilding.IsCompleted, "No rebuild begins.");
        disk.Continue();
        Assert.Equal("ServiceUnavailable", await refused);
        await bench.Store.Rows.Rebuilding;
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    /// <summary>A disk that stops after a file of an object got its name, before that is synced.</summary>
    private sealed class HaltingDisk() : StoreDisk(isDurable: false)
    {
        private readonly TaskCompletionSource _halted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _continued = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsHalted { get; set; }

        public Task Halted => _halted.Task;

        public void Continue() => _continued.SetResult();

        public override async Task SyncFolderAsync(string folder)
        {
            if (IsHalted && folder.Contains("objects", StringComparison.Ordinal))
            {
                IsHalted = false;
                _halted.SetResult();
                await _continued.Task;
            }
        }
    }

    /// <summary>The first page, with the schema, is in the memory of a connection.</summary>
    private const int FilePages = 4096;

    private static void Damage(EmbeddedBench bench, int from)
    {
        using var file = new FileStream(Path.Combine(bench.Folder, "store.db"), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length - from];
        bytes.AsSpan().Fill(0xEE);
        file.Position = from;
        file.Write(bytes);
    }

    private static void WriteObject(EmbeddedBench bench, FileId id, byte[] bytes)
    {
        var folder = Path.Combine(bench.Folder, "objects", id.ToString()[..2]);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, id.ToString()), bytes);
    }

    private static async Task<string> DescribeAsync(EmbeddedBench bench)
    {
        var text = new System.Text.StringBuilder();
        foreach (var operation in (S3Operation[])[S3Operation.ListObjectsV2, S3Operation.ListBuckets, S3Operation.ListMultipartUploads,
            S3Operation.ListObjectVersions])
        {
            text.Append(System.Text.Encoding.UTF8.GetString((await bench.SendAsync(operation, "")).Content.Span)).Append('\n');
        }

        foreach (var key in await bench.ListAsync())
        {
            var head = await bench.SendAsync(S3Operation.HeadObject, key);
            text.Append(key).Append(string.Join(';', head.Headers.Select(static h => h.Key + "=" + h.Value))).Append('\n');
        }

        await foreach (var key in bench.Layer.ListDeletedAsync(Bucket, "", "", default))
        {
            text.Append("deleted ").Append(key).Append('\n');
        }

        return text.ToString();
    }
}
