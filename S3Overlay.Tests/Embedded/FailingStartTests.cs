using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// The disk fails at any step of a start that has work to finish, and then the process is killed, started or not. The next start finishes
/// the work (table F).
/// </summary>
[Trait("Rule", "F-killed")]
public sealed class FailingStartTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(int.MaxValue, false)]
    [InlineData(1, true)]
    [InlineData(int.MaxValue, true)]
    [QuickRows(1)]
    public async Task What_a_start_does_not_finish_the_next_one_does(int count, bool isRebuilt)
    {
        var trouble = new DiskTrouble();
        await using var bench = await OpenAsync(new TroubledDisk(trouble));
        await PrepareAsync(bench, trouble, hasRefused: !isRebuilt);
        var expected = await StoreView.DescribeAsync(bench);
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await using var failing = bench.Leave();
            failing.LogBytes = 50;
            if (isRebuilt)
            {
                failing.ForgetDatabase();
            }

            trouble.Begin(DiskFault.Error, step, count, DiskSteps.All);
            try
            {
                await failing.StartAsync();
                await failing.Store.Tidying;
            }
            catch (IOException)
            {
                // The start fails and reports why.
            }

            hasHappened = trouble.Happened;
            await using var next = failing.Leave();
            trouble.End();
            await next.StartAsync();
            await StoreView.StaysAsync(next, expected);
            Assert.Equal(["key"], await next.ListAsync());
            await next.Store.Tidying;
            await next.ReopenAsync(() => Assert.True(File.Exists(Path.Combine(next.Folder, "CLEAN"))));
            Assert.Single(next.Files("objects"));
            Assert.Single(await next.Store.Uploads.OfAsync(EmbeddedBench.Bucket));
        }
    }

    /// <summary>
    /// A store with more in its log than in its database, full segments of the log, and files that should be gone.
    /// </summary>
    internal static async Task PrepareAsync(EmbeddedBench bench, DiskTrouble trouble, bool hasRefused)
    {
        await bench.PutAsync("key", [1]);
        await bench.PutAsync("deleted", [2]);
        await bench.Layer.MarkDeletedAsync(Bucket, "discarded", default);
        await bench.Layer.EnsureBucketAsync("bare", default);
        var aborted = await MultipartTests.StartAsync(bench, "aborted");
        await MultipartTests.StartAsync(bench, "open");
        bench.LogBytes = 50;
        await bench.ReopenAsync();
        await bench.Store.Tidying;
        bench.LogBytes = null;
        await bench.ReopenAsync();
        Assert.Equal(2, bench.Files("changes").Count());
        bench.MakeFolders();
        await bench.Layer.MarkDeletedAsync(Bucket, "first", default);

        // The file is in place without a row, and the disk does not delete it. If the database is lost too, an object is found.
        if (hasRefused)
        {
            trouble.Begin(DiskFault.Error, 3, 2, DiskSteps.Write | DiskSteps.Remove);
            Assert.Equal("InternalError", await bench.FailAsync(S3Operation.PutObject, "refused", new BytesBody([3])));
            trouble.End();
            Assert.Equal(3, bench.Files("objects").Count());
        }

        // The disk refuses the database once; from then on what is written to its write-ahead log waits in memory.
        trouble.Begin(DiskFault.Error, 1, 1);
        await bench.DeleteAsync("deleted");
        Assert.True(trouble.Happened);
        trouble.End();
        await bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        var marks = new Proxy.Embedded.EmbeddedTombstones(bench.Store);
        await marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, "discarded", default))!, default);
        await bench.Layer.EnsureBucketAsync("other", default);
        await bench.Store.DeleteBucketAsync("bare", isOpaque: false, default);
        await bench.SendAsync(S3Operation.AbortMultipartUpload, "aborted", null, MultipartTests.Id(aborted));
    }
}
