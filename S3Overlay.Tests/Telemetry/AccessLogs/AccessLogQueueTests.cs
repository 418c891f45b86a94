using S3Overlay.Proxy.Telemetry.AccessLogs;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry.AccessLogs;

/// <summary>The access log never delays a request: lines that its destination does not take are dropped and counted.</summary>
public sealed class AccessLogQueueTests
{
    private readonly EventLogger _events = new();

    [Fact]
    public async Task Lines_that_a_slow_destination_does_not_take_are_dropped_counted_and_reported()
    {
        var destination = new GatedStream();
        await using var log = new AccessLog(() => destination, "slow", Line, _events, capacity: 3);
        log.Add(Entry("first"));
        await destination.Waiting;

        for (var i = 0; i < 5; i++)
        {
            log.Add(Entry($"later-{i}"));
        }

        Assert.Equal(2, log.Dropped);
        destination.Open();
        await log.DisposeAsync();
        Assert.Equal("first later-0 later-1 later-2 ", destination.Text);
        Assert.Equal(["AccessLogDropped"], _events.Names);
    }

    [Fact]
    public async Task Lines_lost_to_a_failing_disk_are_counted_and_the_next_ones_go_to_a_fresh_file()
    {
        var (failing, healthy) = (new FailingStream(), new GatedStream());
        healthy.Open();
        var opened = new Queue<Stream>([failing, healthy]);
        await using var log = new AccessLog(opened.Dequeue, "full", Line, _events);

        log.Add(Entry("lost"));
        await Patience.UntilAsync(() => log.Dropped == 1, "The lost line is not counted.");
        log.Add(Entry("kept"));
        await log.DisposeAsync();

        Assert.Equal("kept ", healthy.Text);
        Assert.Equal(["AccessLogFailed", "AccessLogDropped"], _events.Names);
    }

    private static string Line(AccessLogEntry entry) => entry.RequestId;

    private static AccessLogEntry Entry(string id) =>
        new() { Time = default, RequestId = id, Method = "GET", RawTarget = "/", Protocol = "HTTP/1.1", Outcome = "ok" };

    /// <summary>Takes writes once it is opened.</summary>
    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waiting => _waiting.Task.WaitAsync(Patience.Limit);

        public string Text => System.Text.Encoding.UTF8.GetString(ToArray()).Replace('\n', ' ');

        public void Open() => _open.TrySetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _waiting.TrySetResult();
            await _open.Task;
            Write(buffer.Span);
        }
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("No space left on device");
    }
}
