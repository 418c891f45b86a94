using System.Diagnostics;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Testing;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.TestingPackage.S3OverlayServerTests;

namespace S3Overlay.Tests.TestingPackage;

/// <summary>Changes of a server of S3Overlay.Testing, and the reset that undoes them.</summary>
public sealed class ResetTests
{
    [Fact]
    public async Task Changes_are_what_was_added_overwritten_and_deleted_since_the_last_reset()
    {
        await using var overlay = await StartAsync();
        await PutAsync(overlay, "photos", "new", "12345");
        await PutAsync(overlay, "photos", "a", "mine");
        await PutAsync(overlay, "photos", "gone again", "text");
        await overlay.Client.DeleteObjectAsync("photos", "gone again");
        await overlay.Client.DeleteObjectAsync("photos", "b");
        await overlay.Client.PutBucketAsync("another");
        await PutAsync(overlay, "another", "key", "text");

        var changes = await overlay.Changes().ToListAsync();
        await overlay.ResetAsync();
        await PutAsync(overlay, "photos", "later", "text");

        Assert.Equal(["A another/key", "M photos/a", "D photos/b", "A photos/new"], changes.Select(change => change.ToString()));
        Assert.Equal(
            new S3Change(S3ChangeKind.Added, "photos", "new", 5, "\"827ccb0eea8a706c4c34a16891f84e7b\""), changes[^1]);
        Assert.Equal(new S3Change(S3ChangeKind.Deleted, "photos", "b"), changes[2]);
        Assert.Equal(["A photos/later"], await overlay.Changes().Select(change => change.ToString()).ToListAsync());
    }

    [Fact]
    public async Task A_thousand_changes_are_compared_with_pages_of_the_remote()
    {
        await using var overlay = await StartAsync();
        for (var number = 0; number < 1000; number++)
        {
            overlay.Remote.Bucket("photos").Object($"many/{number:d4}", "theirs");
        }

        await Parallel.ForAsync(0, 1000, async (number, _) => await PutAsync(overlay, "photos", $"many/{number:d4}", "mine"));
        overlay.Remote.ClearRequests();

        var changes = await overlay.Changes().ToListAsync();

        Assert.Equal(1000, changes.Count);
        Assert.All(changes, static change => Assert.Equal(S3ChangeKind.Overwritten, change.Kind));
        Assert.InRange(overlay.Remote.Requests.Count, 1, 20);
    }

    [Fact]
    public async Task An_object_that_was_written_as_it_is_counts_as_overwritten()
    {
        await using var overlay = await StartAsync();
        await PutAsync(overlay, "photos", "a", "theirs");

        Assert.Equal(["M photos/a"], await overlay.Changes().Select(change => change.ToString()).ToListAsync());
    }

    [Fact]
    public async Task A_deleted_bucket_is_one_change()
    {
        await using var overlay = await StartAsync();
        await overlay.Client.DeleteObjectsAsync(new DeleteObjectsRequest
            { BucketName = "photos", Objects = [new() { Key = "a" }, new() { Key = "b" }, new() { Key = "c" }] });
        await overlay.Client.DeleteBucketAsync("photos");

        Assert.Equal([new S3Change(S3ChangeKind.Deleted, "photos", "")], await overlay.Changes().ToListAsync());
    }

    [Fact]
    public async Task After_a_reset_the_remote_shows_as_it_is_and_the_cache_stays()
    {
        await using var overlay = await StartAsync();
        await ReadAsync(overlay, "photos", "c");
        for (var round = 0; round < 3; round++)
        {
            await PutAsync(overlay, "photos", "new", "text");
            await PutAsync(overlay, "photos", "a", "mine");
            await overlay.Client.DeleteObjectAsync("photos", "b");
            await overlay.Client.PutBucketAsync("another");

            await overlay.ResetAsync();

            Assert.Empty(await overlay.Changes().ToListAsync());
            Assert.Equal(["a", "b", "c"], await ListAsync(overlay, "photos"));
            Assert.Equal("theirs", await ReadAsync(overlay, "photos", "a"));
            Assert.Equal("theirs", await ReadAsync(overlay, "photos", "b"));
            Assert.Equal("theirs", await ReadAsync(overlay, "photos", "c"));
            await Assert.ThrowsAsync<NoSuchBucketException>(() => overlay.Client.ListObjectsV2Async(new() { BucketName = "another" }));
        }

        Assert.Single(overlay.Remote.Bucket("photos")["c"].Requests, static request => request.Method == "GET");
    }

    [Fact]
    public async Task A_request_that_runs_during_a_reset_finishes_and_leaves_nothing()
    {
        await using var overlay = await StartAsync();
        var gate = new TaskCompletionSource();
        overlay.Remote.Bucket("photos")["a"].Waits(gate.Task);
        var http = new SignedHttp(overlay.Endpoint, overlay.AccessKey, overlay.SecretKey);
        var body = new byte[64 << 10];
        using var upload = await SlowUpload.BeginAsync(overlay.Endpoint, http, "/photos/new", body);
        var reading = ReadAsync(overlay, "photos", "a");
        await overlay.Remote.Bucket("photos")["a"].RequestedAsync();

        await overlay.ResetAsync();
        gate.SetResult();
        var uploaded = await upload.FinishAsync();

        Assert.Equal(200, uploaded.Status);
        Assert.Equal("theirs", await reading);
        Assert.Equal(404, (await http.SendAsync("GET", "/photos/new")).Status);
        Assert.Empty(await overlay.Changes().ToListAsync());
    }

    [Fact]
    public async Task An_open_multipart_upload_is_gone_after_a_reset()
    {
        await using var overlay = await StartAsync();
        var upload = await overlay.Client.InitiateMultipartUploadAsync("photos", "large");

        await overlay.ResetAsync();

        var gone = await Assert.ThrowsAsync<AmazonS3Exception>(() => overlay.Client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = "photos", Key = "large", UploadId = upload.UploadId, PartNumber = 1, InputStream = new MemoryStream([1]),
        }));
        Assert.Equal("NoSuchUpload", gone.ErrorCode);
    }

    [Fact]
    public async Task The_files_of_a_reset_overlay_are_deleted_behind()
    {
        using var folder = new TemporaryFolder();
        await using var overlay = await S3OverlayServer.StartAsync(o => o.Folder(folder.Path));
        await overlay.Client.PutBucketAsync("bucket");
        var text = new string('x', 1 << 20);
        await PutAsync(overlay, "bucket", "key", text);
        Assert.NotEmpty(LargeFiles());

        await overlay.ResetAsync();

        await Patience.UntilAsync(() => LargeFiles().Count == 0, "The files stay.");

        List<string> LargeFiles()
        {
            try
            {
                return [.. Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
                    .Where(static file => file.Contains("/objects/", StringComparison.Ordinal))];
            }
            catch (DirectoryNotFoundException)
            {
                return ["deleted while it was listed"];
            }
        }
    }

    [Fact]
    public async Task Resets_at_the_same_time_are_all_resets()
    {
        await using var overlay = await StartAsync();
        await PutAsync(overlay, "photos", "a", "mine");

        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            await overlay.ResetAsync();
            Assert.Equal("theirs", await ReadAsync(overlay, "photos", "a"));
        }));
    }

    [Fact]
    public async Task A_reset_costs_the_same_however_many_changes_there_are()
    {
        await using var overlay = await StartAsync();
        var (few, many) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var round = 0; round < 3; round++)
        {
            few.Add(await TimeAsync(10));
            many.Add(await TimeAsync(1000));
        }

        // Undoing a thousand changes one by one takes longer than this on any machine that passes it with ten.
        var bound = Median(few) + TimeSpan.FromMilliseconds(200);
        Assert.True(Median(many) < bound, $"10: {string.Join(' ', few)}; 1,000: {string.Join(' ', many)}");

        async Task<TimeSpan> TimeAsync(int changes)
        {
            await Parallel.ForAsync(0, changes, async (number, _) => await PutAsync(overlay, "photos", $"new {number}", "text"));
            var began = Stopwatch.GetTimestamp();
            await overlay.ResetAsync();
            return Stopwatch.GetElapsedTime(began);
        }

        static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);
    }

    private static Task<S3OverlayServer> StartAsync() => S3OverlayServer.StartAsync(o => o
        .ScriptedRemote(remote => remote.Bucket("photos").Object("a", "theirs").Object("b", "theirs").Object("c", "theirs"))
        .Cache());
}
