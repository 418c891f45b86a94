using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>A process ends and leaves unnamed files. It does not mark its store as clean, and the next start deletes them.</summary>
[Trait("Rule", "F-full")]
public sealed class FilesLeftTests
{
    [Fact]
    public async Task Those_that_a_rebuild_could_not_take_away()
    {
        var disk = new StuckDisk { IsStuck = false };
        await using var bench = await OpenAsync(disk);
        await bench.PutAsync("key", [1]);
        var lost = bench.Files("objects").Single();
        var bytes = await File.ReadAllBytesAsync(lost);
        await bench.PutAsync("key", [2]);

        // The power takes the removal back; and the index is gone.
        await bench.ReopenAsync(() =>
        {
            Assert.True(IsClean(bench));
            File.WriteAllBytes(lost, bytes);
            bench.ForgetDatabase();
            disk.IsStuck = true;
        });
        disk.IsStuck = false;
        await GoesAsync(bench, [2]);
    }

    [Fact]
    public async Task Those_of_an_object_that_is_still_read()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1]);
        using var reader = await bench.Store.Objects.OpenAsync(Bucket, "key");
        await bench.PutAsync("key", [2]);
        await GoesAsync(bench, [2]);
    }

    [Fact]
    public async Task Those_of_an_object_in_parts_that_is_still_read()
    {
        await using var bench = await OpenAsync();
        var upload = await MultipartTests.StartAsync(bench);
        await MultipartTests.CompleteAsync(bench, upload, await MultipartTests.UploadAsync(bench, upload, 1, Bytes(2000)));
        using var reader = await bench.Store.Objects.OpenAsync(Bucket, "key");
        await bench.PutAsync("key", [2]);
        await GoesAsync(bench, [2]);
    }

    [Fact]
    public async Task Those_of_an_object_whose_list_of_parts_is_damaged()
    {
        await using var bench = await OpenAsync();
        var upload = await MultipartTests.StartAsync(bench);
        var part = await MultipartTests.UploadAsync(bench, upload, 1, Bytes(2000));
        var parts = bench.Files("objects").ToHashSet();
        await MultipartTests.CompleteAsync(bench, upload, part);
        await using (var manifest = new FileStream(bench.Files("objects").Single(file => !parts.Contains(file)), FileMode.Open,
            FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            manifest.SetLength(10);
        }

        await bench.PutAsync("key", [2]);
        await bench.ReopenAsync(() => Assert.False(IsClean(bench)));
        Assert.Equal([2], await bench.GetAsync("key"));
    }

    /// <summary>No reader is left, so the files go before the process ends.</summary>
    [Fact]
    public async Task None_is_left_of_an_object_in_parts()
    {
        await using var bench = await OpenAsync();
        for (var i = 0; i < 20; i++)
        {
            var upload = await MultipartTests.StartAsync(bench);
            await MultipartTests.CompleteAsync(bench, upload, await MultipartTests.UploadAsync(bench, upload, 1, Bytes(2000)));
            await bench.PutAsync("key", [2]);
            await bench.ReopenAsync(() =>
            {
                Assert.Single(bench.Files("objects"));
                Assert.True(IsClean(bench));
            });
        }
    }

    /// <summary>The process ends between deleting a bucket and its uploads.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Uploads_are_over_whose_bucket_is_gone(bool isRebuilt)
    {
        await using var bench = await OpenAsync();
        var upload = await MultipartTests.StartAsync(bench);
        await MultipartTests.UploadAsync(bench, upload, 1, Bytes(2000));
        await bench.Store.Buckets.DeleteAsync(Bucket, false, static () => Task.CompletedTask, default);
        await (isRebuilt ? bench.RebuildAsync() : bench.ReopenAsync(() => File.Delete(Path.Combine(bench.Folder, "CLEAN"))));
        await bench.Store.Tidying;
        await Patience.UntilAsync(() => !bench.Files("objects").Any(), "The part stays.");
        await bench.SendAsync(S3Operation.CreateBucket, "");
        Assert.Empty(await bench.Store.Uploads.OfAsync(Bucket));
        await bench.RebuildAsync();
        Assert.Empty(await bench.Store.Uploads.OfAsync(Bucket));
    }

    private static async Task GoesAsync(EmbeddedBench bench, byte[] expected)
    {
        await bench.ReopenAsync(() => Assert.False(IsClean(bench)));
        await bench.Store.Tidying;
        Assert.Single(bench.Files("objects"));
        Assert.Equal(expected, await bench.GetAsync("key"));
        await bench.ReopenAsync(() => Assert.True(IsClean(bench)));
    }

    private static bool IsClean(EmbeddedBench bench) => File.Exists(Path.Combine(bench.Folder, "CLEAN"));
}
