using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry.Tails;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry.Tails;

/// <summary>Watchers see answered requests, and no request waits for one.</summary>
public sealed class RequestTailTests
{
    private readonly RequestTail _tail = new();

    [Fact]
    public async Task A_watcher_sees_what_it_wants_in_order_and_the_end()
    {
        using var reader = _tail.Watch(static request => request.Layer == "remote", 10);
        _tail.Add(Request("a", "remote"));
        _tail.Add(Request("b", "cache"));
        _tail.Add(Request("c", "remote"));
        _tail.End();
        Assert.Equal([("a", 0L), ("c", 0L)], await ReadAsync(reader));
    }

    [Fact]
    public async Task A_slow_watcher_loses_requests_and_learns_where_and_how_many()
    {
        using var reader = _tail.Watch(static _ => true, 2);
        using var quick = _tail.Watch(static _ => true, 100);
        foreach (var key in (string[])["a", "b", "c", "d"])
        {
            _tail.Add(Request(key, "remote"));
        }

        await using var reading = reader.ReadAsync(default).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());
        Assert.Equal(("a", 0), Of(reading.Current));
        _tail.Add(Request("e", "remote"));
        _tail.Add(Request("f", "remote"));
        _tail.End();
        var rest = new List<(string?, long)>();
        while (await reading.MoveNextAsync())
        {
            rest.Add(Of(reading.Current));
        }

        Assert.Equal([("b", 0L), ("e", 2L), (null, 1L)], rest);
        Assert.Equal(6, (await ReadAsync(quick)).Count);
    }

    [Fact]
    public async Task A_watcher_with_a_pause_gets_what_its_queue_has_room_for_in_that_time()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        using var reader = _tail.Watch(static _ => true, 2);
        await using var reading = reader.ReadAsync(TimeSpan.FromSeconds(1), clock, default).GetAsyncEnumerator();
        _tail.Add(Request("a", "remote"));
        Assert.True(await reading.MoveNextAsync());
        var next = reading.MoveNextAsync().AsTask();
        foreach (var key in (string[])["b", "c", "d", "e"])
        {
            _tail.Add(Request(key, "remote"));
        }

        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        List<(string?, long)> seen = [];
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await next.WaitAsync(Patience.Limit));
            seen.Add(Of(reading.Current));
            next = i < 2 ? reading.MoveNextAsync().AsTask() : next;
        }

        Assert.Equal([("b", 0L), ("c", 0L), (null, 2L)], seen);
        _tail.End();
        Assert.False(await reading.MoveNextAsync());
    }

    [Fact]
    public async Task Without_a_watcher_nothing_is_kept()
    {
        Assert.False(_tail.IsWatched);
        using (_tail.Watch(static _ => true, 1))
        {
            Assert.True(_tail.IsWatched);
        }

        Assert.False(_tail.IsWatched);
        _tail.End();
        using var late = _tail.Watch(static _ => true, 1);
        Assert.Empty(await ReadAsync(late));
        Assert.False(_tail.IsWatched);
    }

    [Theory]
    [InlineData("bytes 0-9/100", 0L, 9L)]
    [InlineData("bytes 5-5/*", 5L, 5L)]
    [InlineData("bytes */100", null, null)]
    [InlineData("chunks 0-9/100", null, null)]
    [InlineData("bytes -9/100", null, null)]
    [InlineData(null, null, null)]
    public void The_range_of_a_response_is_read(string? header, long? first, long? last) =>
        Assert.Equal(first is null ? null : new ByteRange(first.Value, last!.Value), AnsweredRequest.RangeOf(header));

    private static (string? Key, long Lost) Of(TailItem item) => (item.Request?.Key, item.Lost);

    private static async Task<List<(string? Key, long Lost)>> ReadAsync(TailReader reader) =>
        await reader.ReadAsync(default).Select(Of).ToListAsync();

    private static AnsweredRequest Request(string key, string layer) => new()
    {
        Time = DateTimeOffset.UnixEpoch, Method = "GET", Operation = S3Operation.GetObject, Bucket = "photos", Key = key, Status = 200,
        Error = null,
        Layer = layer, Cache = null, Sent = 0, Duration = TimeSpan.Zero, ETag = "\"e\"", Range = null, Size = null,
    };
}
