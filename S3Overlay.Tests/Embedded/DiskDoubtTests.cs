using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// The disk fails, and fails again during the rollback. Until the rollback is done, nothing is deleted that the other outcome needs (table
/// F).
/// </summary>
[Trait("Rule", "F-full")]
public sealed class DiskDoubtTests : IAsyncLifetime
{
    private readonly DiskTrouble _trouble = new();
    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync(new TroubledDisk(_trouble));
        _bench.MakeFolders();
        await _bench.PutAsync("key", [1]);

        // Tests count disk steps: the work after a start must not take one of them.
        await _bench.Store.Tidying;
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_refused_delete_that_could_not_be_undone_is_undone_when_the_store_closes()
    {
        await RefuseAsync(0, S3Operation.DeleteObject, "key");
        _trouble.End();
        await _bench.ReopenAsync(() => Assert.True(IsClean(_bench)));
        Assert.Equal([1], await _bench.GetAsync("key"));
        await _bench.RebuildAsync();
        Assert.Equal([1], await _bench.GetAsync("key"));
    }

    [Fact]
    public async Task A_refused_delete_that_cannot_be_undone_leaves_no_clean_shutdown_marker()
    {
        await RefuseAsync(0, S3Operation.DeleteObject, "key");
        _trouble.Begin(DiskFault.Error, 0, int.MaxValue, DiskSteps.Resize);
        await _bench.ReopenAsync(() => Assert.False(IsClean(_bench)));
        var keys = await _bench.ListAsync();
        _trouble.End();
        await _bench.RebuildAsync();
        Assert.Equal(keys, await _bench.ListAsync());
    }

    [Fact]
    public async Task The_file_of_a_refused_write_stays_while_its_row_may_be_there()
    {
        await RefuseAsync(2, S3Operation.PutObject, "new");
        await using var killed = _bench.Leave();
        _trouble.End();
        await killed.StartAsync();
        Assert.Equal(["key", "new"], await killed.ListAsync());
        Assert.Equal([2], await killed.GetAsync("new"));
    }

    [Fact]
    public async Task The_file_of_a_refused_write_goes_once_its_row_is_known_not_to_be_there()
    {
        await RefuseAsync(2, S3Operation.PutObject, "new");
        Assert.Equal(2, _bench.Files("objects").Count());
        _trouble.End();
        await _bench.SendAsync(S3Operation.PutObject, "key", new BytesBody([3]));
        await Patience.UntilAsync(() => _bench.Files("objects").Count() == 1, "The file of a write that was refused stays.");
        await _bench.RebuildAsync();
        Assert.Equal(["key"], await _bench.ListAsync());
    }

    [Fact]
    public async Task The_file_of_a_refused_write_goes_with_the_end_of_the_process_at_the_latest()
    {
        await RefuseAsync(2, S3Operation.PutObject, "new");
        _trouble.End();
        await _bench.ReopenAsync(() => Assert.Single(_bench.Files("objects")));
        Assert.Equal(["key"], await _bench.ListAsync());
    }

    [Fact]
    public async Task The_file_of_a_refused_write_is_gone_before_the_response()
    {
        _trouble.Begin(DiskFault.Error, 2, 1, DiskSteps.Sync);
        Assert.Equal("InternalError", await _bench.FailAsync(S3Operation.PutObject, "new", new BytesBody([2])));
        Assert.True(_trouble.Happened);
        Assert.Single(_bench.Files("objects"));
        await _bench.ReopenAsync(() => Assert.True(IsClean(_bench)));
    }

    /// <summary>An abort cannot be written down, and is refused: the upload goes on.</summary>
    [Fact]
    public async Task Parts_stay_until_it_is_certain_that_their_upload_is_over()
    {
        var upload = await MultipartTests.StartAsync(_bench);
        var part = await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(2000));
        _trouble.Begin(DiskFault.Error, 0, int.MaxValue, DiskSteps.Sync | DiskSteps.Write);
        Assert.Equal("InternalError", await _bench.FailAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(upload)));
        _trouble.End();
        await using var killed = await _bench.AfterKillAsync();
        await MultipartTests.CompleteAsync(killed, upload, part);
        Assert.Equal(Bytes(2000), await killed.GetAsync("key"));
        await MultipartTests.CompleteAsync(_bench, upload, part);
        Assert.Equal(Bytes(2000), await _bench.GetAsync("key"));
    }

    /// <summary>
    /// A completion is refused, but it may be in the log. Then the upload is aborted and the process is killed. Either outcome can
    /// be read.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Parts_stay_while_a_completion_that_was_refused_may_be_there(int syncsBefore)
    {
        var upload = await MultipartTests.StartAsync(_bench);
        var part = await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(2000));
        _trouble.Begin(DiskFault.Error, syncsBefore, int.MaxValue, DiskSteps.Sync | DiskSteps.Resize);
        var isRefused = await Record.ExceptionAsync(() => _bench.SendAsync(
            S3Operation.CompleteMultipartUpload, "key", MultipartTests.Named(part), MultipartTests.Id(upload))) is S3Exception;
        _trouble.Begin(DiskFault.Error, 0, int.MaxValue, DiskSteps.Resize);
        await Record.ExceptionAsync(() => _bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(upload)));
        await using var killed = _bench.Leave();
        _trouble.End();
        await killed.StartAsync();
        await killed.Store.Tidying;
        var now = await killed.GetAsync("key");
        Assert.True(now.SequenceEqual(Bytes(2000)) || (isRefused && now.SequenceEqual(new byte[] { 1 })), $"{now.Length} bytes are there.");
    }

    [Fact]
    public async Task A_file_that_could_not_be_taken_away_goes_with_the_next_start()
    {
        _trouble.Begin(DiskFault.Error, 0, int.MaxValue, DiskSteps.Remove);
        await _bench.PutAsync("key", [2]);
        await _bench.ReopenAsync(_trouble.End);
        await _bench.Store.Tidying;
        Assert.Single(_bench.Files("objects"));
        await _bench.ReopenAsync(() => Assert.True(IsClean(_bench)));
    }

    [Fact]
    public async Task A_file_that_cannot_be_taken_away_is_looked_for_at_each_start()
    {
        var disk = new StuckDisk();
        await using var bench = await OpenAsync(disk);
        await bench.PutAsync("key", [1]);
        await bench.PutAsync("key", [2]);
        await bench.ReopenAsync();
        await bench.Store.Tidying;
        await bench.ReopenAsync(() => Assert.Equal(2, bench.Files("objects").Count()));
        await bench.Store.Tidying;
        disk.IsStuck = false;
        await bench.ReopenAsync();
        await bench.Store.Tidying;
        Assert.Single(bench.Files("objects"));
        Assert.Equal([2], await bench.GetAsync("key"));
    }

    [Fact]
    public async Task What_is_deleted_stays_so_while_its_file_cannot_be_taken_away()
    {
        var disk = new StuckDisk();
        await using var bench = await OpenAsync(disk);
        await bench.PutAsync("key", [1]);
        await bench.DeleteAsync("key");
        await bench.RebuildAsync();
        Assert.Empty(await bench.ListAsync());
        await bench.RebuildAsync();
        Assert.Empty(await bench.ListAsync());
        Assert.Single(bench.Files("objects"));
        disk.IsStuck = false;
        await bench.RebuildAsync();
        Assert.Empty(await bench.ListAsync());
        Assert.Empty(bench.Files("objects"));
    }

    [Fact]
    public async Task A_bucket_is_deleted_whatever_becomes_of_the_uploads_in_it()
    {
        await _bench.DeleteAsync("key");
        await MultipartTests.StartAsync(_bench);
        _trouble.Begin(DiskFault.Error, 1, 1, DiskSteps.Sync);
        await _bench.SendAsync(S3Operation.DeleteBucket, "");
        Assert.True(_trouble.Happened);
        _trouble.End();
        await _bench.ReopenAsync();
        await _bench.Store.Tidying;
        await _bench.SendAsync(S3Operation.CreateBucket, "");
        Assert.Empty(await _bench.Store.Uploads.OfAsync(Bucket));
    }

    private static bool IsClean(EmbeddedBench bench) => File.Exists(Path.Combine(bench.Folder, "CLEAN"));

    /// <summary>A write that cannot be synced is refused, and cannot be rolled back afterwards.</summary>
    private async Task RefuseAsync(int syncsBefore, S3Operation operation, string key)
    {
        _trouble.Begin(DiskFault.Error, syncsBefore, 2, DiskSteps.Sync | DiskSteps.Resize);
        Assert.Equal(
            "InternalError", await _bench.FailAsync(operation, key, operation == S3Operation.PutObject ? new BytesBody([2]) : null));
        Assert.True(_trouble.Happened);
    }
}
