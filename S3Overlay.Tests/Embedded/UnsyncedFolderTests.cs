using System.Collections.Concurrent;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// A record is deleted or written, and then its folder cannot be synced. What is acknowledged after that stays, even if the store is killed
/// (table F).
/// </summary>
[Trait("Rule", "F-full")]
public sealed class UnsyncedFolderTests
{
    [Fact]
    public async Task Parts_are_not_taken_into_an_upload_whose_record_is_gone()
    {
        var disk = new Disk();
        await using var bench = await OpenAsync(disk);
        var upload = await MultipartTests.StartAsync(bench);
        disk.IsFailing = true;
        await bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(upload));
        disk.IsFailing = false;

        Assert.Equal("NoSuchUpload",
            await bench.FailAsync(S3Operation.UploadPart, "key", new BytesBody(Bytes(10)), "partNumber=1&" + MultipartTests.Id(upload)));
        await KillAsync(bench);
        Assert.Empty(bench.Store.Uploads.Of(Bucket));
    }

    [Fact]
    public async Task A_bucket_whose_deletion_was_refused_keeps_what_it_gets_since()
    {
        var disk = new Disk();
        await using var bench = await OpenAsync(disk);
        disk.IsFailing = true;
        Assert.Equal("InternalError",
            (await Assert.ThrowsAsync<S3Exception>(() => bench.Layer.DeleteBucketAsync(Bucket, default).AsTask())).Error.Code);
        disk.IsFailing = false;

        await bench.PutAsync("key", [1]);
        await KillAsync(bench);
        Assert.Equal([1], await bench.GetAsync("key"));
        await bench.RebuildAsync();
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    /// <summary>The process ends between deleting the bucket's record and those of its uploads.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Uploads_are_over_whose_bucket_is_gone(bool isRebuilt)
    {
        await using var bench = await OpenAsync();
        var upload = await MultipartTests.StartAsync(bench);
        await MultipartTests.UploadAsync(bench, upload, 1, Bytes(2000));
        await bench.Store.Buckets.DeleteAsync(Bucket, false, static () => { }, default);
        await (isRebuilt ? bench.RebuildAsync() : KillAsync(bench));
        await bench.Store.Tidying;
        Assert.Empty(bench.Files("uploads"));
        Assert.Empty(bench.Files("objects"));
        await bench.SendAsync(S3Operation.CreateBucket, "");
        Assert.Empty(bench.Store.Uploads.Of(Bucket));
        await bench.RebuildAsync();
        Assert.Empty(bench.Store.Uploads.Of(Bucket));
    }

    /// <summary>A record that a start deletes is gone for good, even if the process is closed cleanly after that.</summary>
    [Fact]
    public async Task The_folder_is_synced_of_records_that_a_start_takes_away()
    {
        var disk = new Disk();
        await using var bench = await OpenAsync(disk);
        var upload = await MultipartTests.StartAsync(bench);
        var record = bench.Files("uploads").Single();
        var bytes = await File.ReadAllBytesAsync(record);
        await bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(upload));
        await bench.ReopenAsync(() =>
        {
            File.Delete(Path.Combine(bench.Folder, "CLEAN"));
            File.WriteAllBytes(record, bytes);
            disk.Synced.Clear();
        });
        Assert.Empty(bench.Files("uploads"));
        Assert.Contains(Path.GetDirectoryName(record), disk.Synced);
    }

    private static Task KillAsync(EmbeddedBench bench) => bench.ReopenAsync(() => File.Delete(Path.Combine(bench.Folder, "CLEAN")));

    private sealed class Disk() : StoreDisk(isDurable: false)
    {
        public bool IsFailing { get; set; }

        public ConcurrentBag<string> Synced { get; } = [];

        public override Task SyncFolderAsync(string folder)
        {
            Synced.Add(folder);
            return IsFailing ? throw new IOException("Input/output error", 5) : base.SyncFolderAsync(folder);
        }
    }
}
