using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Embedded.Logging;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry.AccessLogs;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Logging;

/// <summary>Records wait in bounded memory. They go out at shutdown, and are lost with one warning while the disk is full.</summary>
[Trait("Rule", "W10")]
public sealed partial class LogQueueTests
{
    [Fact]
    public async Task A_shutdown_writes_what_was_collected()
    {
        await using var bench = await OpenAsync();
        var logs = Logs(bench, bench.Service);
        logs.Add(Entry("one"));
        logs.Add(Entry("two"));
        await logs.DisposeAsync();
        Assert.Equal(0, logs.Lost);
        var records = await RecordsAsync(bench);
        Assert.Contains(" one ", records, StringComparison.Ordinal);
        Assert.Equal(2, records.Count(static each => each == '\n'));
    }

    [Fact]
    public async Task A_full_disk_loses_records_with_one_warning_and_recovers()
    {
        var disk = new FullDisk();
        await using var bench = await OpenAsync(disk);
        await using var logs = Logs(bench, bench.Service);
        disk.IsOut = true;
        for (var lost = 1; lost <= 3; lost++)
        {
            logs.Add(Entry($"lost-{lost}"));
            var expected = lost;
            await UntilAsync(bench, () => Task.FromResult(logs.Lost == expected));
        }

        Assert.Single(bench.Log.Names, static name => name == "BucketLogLost");
        disk.IsOut = false;
        logs.Add(Entry("kept"));
        await UntilAsync(bench, async () => (await RecordsAsync(bench)).Contains(" kept ", StringComparison.Ordinal));
        Assert.Equal(3, logs.Lost);
    }

    [Fact]
    public async Task Records_beyond_the_bounds_are_dropped_and_counted()
    {
        await using var bench = await OpenAsync();
        var stuck = new StuckService();
        var logs = Logs(bench, stuck);
        var added = 0;
        var agent = new string('a', 4000);
        await Patience.UntilAsync(
            () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    logs.Add(Entry($"{added++}", agent));
                }

                return logs.Lost > 1000;
            },
            "Nothing is dropped.");

        // At most 8 MiB of entries and 4 MiB of the bucket's records wait.
        Assert.InRange(added - logs.Lost, 500, 6000);
        stuck.Release();
        await logs.DisposeAsync();
    }

    [Fact]
    public async Task A_flood_to_one_bucket_is_one_warning_and_loses_no_record_of_another()
    {
        await using var bench = await OpenAsync();
        await bench.Store.Buckets.CreateAsync("other", "us-east-1", bench.Time.GetUtcNow(),
            static bucket => bucket.With("logging", LoggingScene.Logging("other/")), default);
        var stuck = new StuckService(bench.Service);
        var logs = Logs(bench, stuck);
        var agent = new string('a', 4000);
        for (var round = 0; round < 50; round++)
        {
            // No more than the queue has room for until it is empty: its bound is for all buckets together.
            for (var i = 0; i < 100; i++)
            {
                logs.Add(Entry("flood", agent));
            }

            var mark = new QueueMark();
            logs.Add(Entry("flood", agent) with { Deleted = mark });
            await mark.Reached.WaitAsync(Patience.Limit);
        }

        Assert.InRange(logs.Lost, 1000, 5000);

        // Longer than a record of the flood, so it would not fit into the last gap of the flood's share.
        logs.Add(Entry("calm", agent + agent) with { Bucket = "other" });
        stuck.Release();
        await logs.DisposeAsync();
        Assert.Contains(" calm ", await RecordsAsync(bench), StringComparison.Ordinal);
        Assert.Single(bench.Log.Names, static name => name == "BucketLogLost");
    }

    [Fact]
    public void Version_ids_count_while_they_wait()
    {
        static int Weight(string version) => (Entry("k") with { Deleted = [new("k", version, 204, null)] }).Weight;
        Assert.Equal(2000, Weight(new string('v', 1000)) - Weight(""));
    }

    [Fact]
    public async Task A_stray_failure_loses_one_log_object_and_not_the_next()
    {
        await using var bench = await OpenAsync();
        await using var logs = Logs(bench, new FailingOnceService(bench.Service));
        logs.Add(Entry("lost"));
        await UntilAsync(bench, () => Task.FromResult(logs.Lost == 1));
        logs.Add(Entry("kept"));
        await UntilAsync(bench, async () => (await RecordsAsync(bench)).Contains(" kept ", StringComparison.Ordinal));
        Assert.Equal(1, logs.Lost);
        Assert.Single(bench.Log.Names, static name => name == "BucketLogLost");
    }

    [Fact]
    public async Task A_record_that_cannot_be_made_is_lost_and_not_the_next()
    {
        await using var bench = await OpenAsync();
        var logs = Logs(bench, bench.Service);
        logs.Add(Entry("torn") with { Deleted = new TornList() });
        logs.Add(Entry("kept"));
        await logs.DisposeAsync();
        Assert.Contains(" kept ", await RecordsAsync(bench), StringComparison.Ordinal);
        Assert.Equal(2, logs.Lost);
        Assert.Single(bench.Log.Names, static name => name == "BucketLogLost");
    }

    [Fact]
    public async Task A_log_is_written_when_its_bucket_is_quiet_and_at_the_latest_after_the_interval()
    {
        await using var bench = await OpenAsync();
        await using var logs = new BucketLogs(bench.Store, new LogWriter(bench.Store, bench.Service), TimeSpan.FromMinutes(5));
        logs.Add(Entry("quiet"));
        await bench.Time.WaitForTimerAsync(TimeSpan.FromMinutes(1));
        bench.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("", await RecordsAsync(bench));
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await Patience.UntilAsync(
            async () => (await RecordsAsync(bench)).Contains("quiet", StringComparison.Ordinal), "It is not written.");

        // A record every half minute: the bucket is never quiet.
        for (var i = 0; i <= 10; i++)
        {
            logs.Add(Entry($"busy-{i}"));
            await bench.Time.WaitForTimerAsync(TimeSpan.FromMinutes(1));
            bench.Time.Advance(TimeSpan.FromSeconds(30));
        }

        await Patience.UntilAsync(
            async () => (await RecordsAsync(bench)).Contains("busy-0", StringComparison.Ordinal), "It waits for longer.");
    }

    private static async Task<EmbeddedBench> OpenAsync(FullDisk? disk = null)
    {
        var bench = await EmbeddedBench.OpenAsync(disk);
        await bench.Store.Buckets.CreateAsync("logs", "us-east-1", bench.Time.GetUtcNow(),
            static bucket => bucket.With("policy", LoggingScene.Policy(source: "*")), default);
        await bench.Store.Buckets.ChangeAsync(
            EmbeddedBench.Bucket, static bucket => bucket.With("logging", LoggingScene.Logging()), default);
        return bench;
    }

    private static BucketLogs Logs(EmbeddedBench bench, IS3Service service) =>
        new(bench.Store, new LogWriter(bench.Store, service), TimeSpan.FromMinutes(1));

    private static BucketLogEntry Entry(string key, string agent = "") => new(new AccessLogEntry
    {
        Time = DateTimeOffset.UnixEpoch,
        RequestId = "0",
        Operation = S3Operation.GetObject,
        Method = "GET",
        RawTarget = "/bucket/" + key,
        Protocol = "HTTP/1.1",
        Key = key,
        Status = 200,
        UserAgent = agent,
        Outcome = "ok",
    })
    { Bucket = EmbeddedBench.Bucket };

    private static Task UntilAsync(EmbeddedBench bench, Func<Task<bool>> holds) => Patience.UntilAsync(
        () =>
        {
            bench.Time.Advance(TimeSpan.FromMinutes(1));
            return holds();
        },
        "The log is not written.");

    private static async Task<string> RecordsAsync(EmbeddedBench bench)
    {
        var text = new StringBuilder();
        foreach (Match key in KeyPattern().Matches(await GetAsync(bench, S3Operation.ListObjects, "")))
        {
            text.Append(await GetAsync(bench, S3Operation.GetObject, key.Groups[1].Value));
        }

        return text.ToString();
    }

    private static async Task<string> GetAsync(EmbeddedBench bench, S3Operation operation, string key)
    {
        var response = new BufferedResponse();
        await bench.Service.HandleAsync(S3Request.OfOverlay("test", operation, "GET", "logs", key, ""), response, default);
        await response.FinishAsync(default);
        return Encoding.UTF8.GetString(response.Content.Span);
    }

    [GeneratedRegex("<Key>([^<]*)</Key>")]
    private static partial Regex KeyPattern();
}
