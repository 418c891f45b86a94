using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Embedded;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using Xunit.Abstractions;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Crash;

/// <summary>
/// Table F, power cut: the steps of the disk are recorded, the database's too, and replayed up to any of them without what was not synced.
/// Nothing acknowledged is lost, and nothing else is there in part.
/// </summary>
[Trait("Rule", "F-killed")]
public sealed class PowerCutReplayTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_power_cut_after_any_step_loses_nothing_acknowledged()
    {
        var seed = Environment.TickCount;
        using var folder = new TemporaryFolder();
        var disk = new RecordingDisk(folder["data"]);
        var views = new List<string>();
        var starts = new List<int>();
        await using (var bench = await OpenAsync(disk, folder: folder["data"]))
        {
            // Small segments, so that the log is compacted and the database copied from its write-ahead log in between.
            bench.LogBytes = 1500;
            await bench.ReopenAsync();
            foreach (var change in ChangesTo(bench))
            {
                starts.Add(disk.Count);
                await change();
                disk.Mark();
                views.Add(await StoreView.DescribeAsync(bench));
            }

            await bench.CloseAsync();
            disk.Mark();
            views.Add(views[^1]);
        }

        var cuts = Sweep.Of<int>([.. Enumerable.Range(starts[1], disk.Count - starts[1] + 1)], 60);
        output.WriteLine($"Seed {seed}, {disk.Count} steps, {cuts.Count} power cuts.");
        foreach (var cut in cuts)
        {
            var random = new Random(seed + cut);
            await using var bench = EmbeddedBench.New();
            disk.Replay(cut, random, bench.Folder);
            await bench.StartAsync();
            var acknowledged = disk.MarksBefore(cut);
            var seen = await StoreView.DescribeAsync(bench);
            Assert.True(seen == views[acknowledged - 1] || seen == views[Math.Min(acknowledged, views.Count - 1)],
                $"Seed {seed}, cut after {cut} steps, {acknowledged} acknowledged:\n{seen}\ninstead of\n{views[acknowledged - 1]}");
            await StoreView.StaysAsync(bench, seen);
        }
    }

    private static readonly RemoteBase Known = new("\"e\"", 12, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    private static IEnumerable<Func<Task>> ChangesTo(EmbeddedBench bench)
    {
        var (upload, part) = ("", "");
        yield return () => bench.PutAsync("key", [1]);
        yield return () => bench.PutAsync("key", Bytes(3000, 2));
        yield return () => bench.PutAsync("other", Bytes(70_000, 3));
        yield return () => bench.SendAsync(S3Operation.PutObjectTagging, "key", TextBody(
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"), "tagging");
        yield return () => bench.Layer.MarkDeletedAsync(Bucket, "gone", default).AsTask();
        yield return () => bench.Layer.MarkDeletedAsync(Bucket, "other", default).AsTask();
        yield return () => bench.DeleteAsync("other");
        yield return async () =>
        {
            var marks = new EmbeddedTombstones(bench.Store);
            await marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, "gone", default))!, default);
        };
        yield return () => bench.Layer.MarkDeletedAsync(Bucket, "reverted", Known, default).AsTask();
        yield return () => bench.Service.HandleAsync(
            OverlaidWrite.Over(Request(S3Operation.PutObject, "reverted", new BytesBody(Bytes(100)), ""), Known), new BufferedResponse(),
            default);
        yield return () => new EmbeddedChanges(bench.Store).RevertAsync(Bucket, "reverted", new LocalRevert(), default).AsTask();
        yield return async () => upload = await MultipartTests.StartAsync(bench, "key");
        yield return async () => part = await MultipartTests.UploadAsync(bench, upload, 1, Bytes(1500, 4));
        yield return async () => part = await MultipartTests.UploadAsync(bench, upload, 1, Bytes(1600, 5));
        yield return () => MultipartTests.CompleteAsync(bench, upload, part);
        yield return async () => upload = await MultipartTests.StartAsync(bench, "open");
        yield return () => MultipartTests.UploadAsync(bench, upload, 1, Bytes(20), "open");
        yield return () => bench.SendAsync(S3Operation.AbortMultipartUpload, "open", null, MultipartTests.Id(upload));
        yield return () => bench.Layer.EnsureBucketAsync("empty", default).AsTask();
        yield return () => bench.Layer.MarkDeletedAsync("empty", "gone", default).AsTask();
        yield return () => bench.Layer.DeleteBucketAsync("empty", default).AsTask();
        for (var i = 0; i < 12; i++)
        {
            var number = i;
            yield return () => bench.PutAsync($"key{number % 5}", Bytes(number * 50, number));
            yield return () => bench.DeleteAsync($"key{(number + 3) % 5}");
        }
    }
}
