using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>The disk is full at any step of a start. Reads work, and writes work as soon as there is space (table F).</summary>
[Trait("Rule", "F-full")]
public sealed class FullDiskStartTests
{
    private readonly DiskTrouble _trouble = new();

    [Theory]
    [InlineData(1, false)]
    [InlineData(int.MaxValue, false)]
    [InlineData(1, true)]
    [InlineData(int.MaxValue, true)]
    [QuickRows(1)]
    public async Task A_store_needs_no_room_to_start(int count, bool isClosed)
    {
        await using var bench = await OpenAsync(new TroubledDisk(_trouble));
        await FailingStartTests.PrepareAsync(bench, _trouble, hasRefused: false);
        var expected = await StoreView.DescribeAsync(bench);
        await using var left = await LeaveAsync(bench, isClosed);
        var before = "";
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await using var full = left.Leave();
            _trouble.Begin(DiskFault.Full, step, count, DiskSteps.Write | DiskSteps.Resize);
            await full.StartAsync();
            await full.Store.Tidying;
            hasHappened = _trouble.Happened;
            Assert.Equal(expected, await StoreView.DescribeAsync(full));
            if (hasHappened && count > 1)
            {
                Assert.Equal("InsufficientStorage", await full.FailAsync(S3Operation.PutObject, "new", new BytesBody([7])));
                Assert.Equal("InsufficientStorage", await full.FailAsync(S3Operation.DeleteObject, "key"));
                Assert.Equal(expected, await StoreView.DescribeAsync(full));
            }

            _trouble.End();
            await using (var next = await full.AfterKillAsync())
            {
                await StoreView.StaysAsync(next, expected);
            }

            await full.PutAsync("new", [7]);
            await full.Layer.MarkDeletedAsync(Bucket, "later", default);
            var afterwards = await StoreView.DescribeAsync(full);
            Assert.True(before.Length == 0 || before == afterwards);
            before = afterwards;
            await using (var next = await full.AfterKillAsync())
            {
                await StoreView.StaysAsync(next, afterwards);
            }

            await full.ReopenAsync();
            await StoreView.StaysAsync(full, afterwards);
        }
    }

    /// <summary>Syncs and deletes may find no room either: a start that cannot continue says so, and loses nothing.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(int.MaxValue, false)]
    [InlineData(1, true)]
    [InlineData(int.MaxValue, true)]
    [QuickRows(1)]
    public async Task A_start_that_needs_room_says_so_and_loses_nothing(int count, bool isClosed)
    {
        await using var bench = await OpenAsync(new TroubledDisk(_trouble));
        await FailingStartTests.PrepareAsync(bench, _trouble, hasRefused: false);
        var expected = await StoreView.DescribeAsync(bench);
        await using var left = await LeaveAsync(bench, isClosed);
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await using var full = left.Leave();
            _trouble.Begin(DiskFault.Full, step, count, DiskSteps.All);
            try
            {
                await full.StartAsync();
                await full.Store.Tidying;
                Assert.Equal(expected, await StoreView.DescribeAsync(full));
            }
            catch (IOException failure)
            {
                Assert.True(StoreDisk.IsFull(failure));
                Assert.Contains("Free space on the disk of S3_OVERLAY_DATA_DIR", StartupException.FromOpening(failure, full.Folder).Message,
                    StringComparison.Ordinal);
            }

            hasHappened = _trouble.Happened;
            await using var next = full.Leave();
            _trouble.End();
            await next.StartAsync();
            await StoreView.StaysAsync(next, expected);
        }
    }

    /// <summary>Returns the disk's content after the store was closed or killed.</summary>
    private static async Task<EmbeddedBench> LeaveAsync(EmbeddedBench bench, bool isClosed)
    {
        if (!isClosed)
        {
            return bench.Leave();
        }

        EmbeddedBench? left = null;
        await bench.ReopenAsync(() => left = bench.Leave());
        Assert.True(File.Exists(Path.Combine(left!.Folder, "CLEAN")));
        return left;
    }
}
