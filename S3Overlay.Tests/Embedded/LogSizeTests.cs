using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>The log and the record of completed uploads stay short while the store runs, and contain what a rebuild needs.</summary>
[Trait("Rule", "F-killed")]
public sealed class LogSizeTests : IAsyncLifetime
{
    private const int Segment = 4096;

    private EmbeddedBench _bench = null!;

    private long LogBytes => _bench.Files("changes").Sum(static path => new FileInfo(path).Length);

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync();
        _bench.LogBytes = Segment;
        await _bench.ReopenAsync();
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task Pairs_of_writes_and_deletes_leave_no_more_than_what_counts()
    {
        await _bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        await _bench.Layer.MarkDeletedAsync(Bucket, "back", default);
        var marks = new EmbeddedTombstones(_bench.Store);
        await marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, "back", default))!, default);
        await _bench.PutAsync("tagged", [1]);
        foreach (var value in (string[])["old", "new"])
        {
            await _bench.SendAsync(S3Operation.PutObjectTagging, "tagged",
                TextBody($"<Tagging><TagSet><Tag><Key>a</Key><Value>{value}</Value></Tag></TagSet></Tagging>"), "tagging");
        }

        for (var i = 0; i < 1000; i++)
        {
            await _bench.PutAsync($"key{i}", [1]);
            await _bench.DeleteAsync($"key{i}");

            // While it runs, the log grows as far as it takes.
            await _bench.Store.Upkeep.Done;
        }

        // The last of them may be removed still.
        await Patience.UntilAsync(() => _bench.Files("objects").Count() == 1, "Files stay of what is deleted.");
        await _bench.Store.Upkeep.Done;
        Assert.InRange(LogBytes, 1, 4 * Segment);
        var expected = await StoreView.DescribeAsync(_bench);
        Assert.Contains("deleted: gone", expected, StringComparison.Ordinal);
        Assert.Contains("<Value>new</Value>", expected, StringComparison.Ordinal);
        await using (var killed = await _bench.AfterKillAsync())
        {
            await StoreView.StaysAsync(killed, expected);
        }

        await _bench.ReopenAsync();
        await StoreView.StaysAsync(_bench, expected);
    }

    [Fact]
    public async Task A_delete_whose_file_is_still_read_is_not_forgotten()
    {
        await _bench.PutAsync("read", [1]);
        using (await _bench.Store.Objects.OpenAsync(Bucket, "read"))
        {
            await _bench.PutAsync("read", [2]);
            await _bench.DeleteAsync("read");
            for (var i = 0; i < 300; i++)
            {
                await _bench.PutAsync($"key{i}", [1]);
                await _bench.DeleteAsync($"key{i}");
            }

            await _bench.Store.Upkeep.Done;
            await Patience.UntilAsync(() => _bench.Files("objects").Count() == 1, "Files stay of what is deleted.");
            await using var killed = _bench.Leave();
            killed.ForgetDatabase();
            await killed.StartAsync();
            Assert.Empty(await killed.ListAsync());
        }
    }

    [Fact]
    public async Task A_log_that_is_long_already_is_made_short_after_the_start()
    {
        _bench.LogBytes = null;
        await _bench.ReopenAsync();
        await _bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        for (var i = 0; i < 300; i++)
        {
            await _bench.PutAsync($"key{i}", [1]);
            await _bench.DeleteAsync($"key{i}");
        }

        Assert.True(LogBytes > 3 * Segment);
        await using var killed = _bench.Leave();
        killed.LogBytes = Segment;
        await killed.StartAsync();
        await killed.Store.Tidying;
        Assert.InRange(killed.Files("changes").Sum(static path => new FileInfo(path).Length), 1, Segment);
        await StoreView.StaysAsync(killed, await StoreView.DescribeAsync(_bench));
    }

    [Fact, Trait("Rule", "W6")]
    public async Task Completed_uploads_are_forgotten_after_a_day_without_a_restart()
    {
        var upload = await MultipartTests.StartAsync(_bench);
        var part = await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(2000));
        await MultipartTests.CompleteAsync(_bench, upload, part);
        _bench.Time.Advance(TimeSpan.FromHours(23));
        await _bench.Store.Tidying;
        Assert.True(Remembered());
        await MultipartTests.CompleteAsync(_bench, upload, part);
        _bench.Time.Advance(TimeSpan.FromHours(2));
        await _bench.Store.Tidying;
        Assert.False(Remembered());

        bool Remembered() => _bench.Store.Rows.ListCompleted(DateTimeOffset.MaxValue).Count > 0;
    }

    [Fact]
    public async Task What_belongs_to_nothing_is_kept_in_lost()
    {
        await _bench.PutAsync("key", [1]);
        var lost = _bench.Files("objects").Single();
        var bytes = await File.ReadAllBytesAsync(lost);
        await _bench.DeleteAsync("key");
        await _bench.ReopenAsync(() =>
        {
            File.WriteAllBytes(lost, bytes);
            File.Delete(Path.Combine(_bench.Folder, "CLEAN"));
        });
        await _bench.Store.Tidying;
        Assert.Contains("FileSetAside", _bench.Log.Names);
        _bench.Time.Advance(TimeSpan.FromDays(31));
        await _bench.Store.Tidying;
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_bench.Files("lost").Single()));
    }
}
