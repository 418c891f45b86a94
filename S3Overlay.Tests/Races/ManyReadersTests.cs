using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Races;

public class ManyReadersTests : ReaderTestBase
{
    [Fact]
    [Trait("Rule", "C1")]
    public async Task Sixty_four_readers_of_a_cold_object_cost_its_bytes_once_and_get_the_first_half_before_the_second_comes()
    {
        var bytes = Bytes(4 << 20);
        Remote.Put("key", bytes);
        var half = new TaskCompletionSource();
        Remote.StopAt = position => position < bytes.Length / 2 ? bytes.Length / 2 : long.MaxValue;
        Remote.OnByte = (position, _) => position == bytes.Length / 2 ? half.Task : Task.CompletedTask;
        var responses = Enumerable.Range(0, 64).Select(_ => new CollectedResponse()).ToList();
        var reads = responses.Select(response => Task.Run(() => Reader.ReadAsync(Request("key"), response, Remote.Bucket, default)))
            .ToList();

        await Task.WhenAll(responses.Select(response => response.ReachedAsync(bytes.Length / 2))).WaitAsync(Patience.Limit);
        Assert.All(reads, read => Assert.False(read.IsCompleted));
        var late = new CollectedResponse();
        var lateRead = Reader.ReadAsync(Request("key"), late, Remote.Bucket, default);
        await late.ReachedAsync(bytes.Length / 2).WaitAsync(Patience.Limit);

        half.SetResult();
        await Task.WhenAll([.. reads, lateRead]).WaitAsync(Patience.Limit);
        Assert.All([.. responses, late], response => Assert.True(bytes.AsSpan().SequenceEqual(response.Bytes)));
        Assert.Equal([null], Remote.Gets.Select(get => get.Range));
        Assert.Equal(bytes.Length, Remote.Bytes);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_reader_that_does_not_read_delays_no_other()
    {
        var bytes = Bytes(3 << 20);
        Remote.Put("key", bytes);
        var stuck = new TaskCompletionSource();
        var slow = new CollectedResponse { OnSending = _ => stuck.Task };
        var slowRead = Reader.ReadAsync(Request("key"), slow, Remote.Bucket, default);
        Assert.Equal(bytes, (await ReadAsync("key").WaitAsync(Patience.Limit)).Bytes);
        Assert.False(slowRead.IsCompleted);
        stuck.SetResult();
        await slowRead;
        Assert.Equal(bytes, slow.Bytes);
        Assert.Equal(bytes.Length, Remote.Bytes);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_reader_that_comes_between_an_entrys_creation_and_its_first_byte_joins_its_fill()
    {
        var bytes = Bytes(1000);
        Remote.Put("key", bytes);
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Wrap = store => new SteppedStore(store)
        {
            AfterCreate = () =>
            {
                made.SetResult();
                return goOn.Task;
            },
        };
        var first = ReadAsync("key");
        await made.Task;
        var second = ReadAsync("key");
        goOn.SetResult();
        Assert.Equal(bytes, (await first).Bytes);
        Assert.Equal(bytes, (await second).Bytes);
        Assert.Single(Remote.Gets);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task A_reader_that_missed_just_before_another_filled_it_does_not_fill_it_again()
    {
        Remote.Put("key", Bytes(1000));
        var (looked, found) = (new TaskCompletionSource(), new TaskCompletionSource());
        Wrap = store => new SteppedStore(store) { AfterFind = () => looked.TrySetResult() ? found.Task : Task.CompletedTask };
        var held = ReadAsync("key");
        await looked.Task;
        await ReadAsync("key");
        await QuietAsync();
        found.SetResult();
        await held;
        Assert.Single(Remote.Gets);
    }

    [Theory]
    [Trait("Rule", "R5")]
    [InlineData(16, 8)]
    [InlineData(16, 7)]
    [InlineData(16, 1)]
    [InlineData(100, 8)]
    public async Task Every_range_equals_the_model_and_no_byte_comes_twice(long threshold, long chunk)
    {
        Settings = Settings with { ChunkThreshold = threshold, ChunkSize = chunk };
        Remote.CountsEachByte = true;
        Remote.PieceSize = 3;
        var random = new Random(7);
        foreach (var round in Sweep.Of(12, 4))
        {
            var key = $"key-{round}";
            var bytes = Bytes(40, round);
            Remote.Put(key, bytes);
            var ranges = (from first in Enumerable.Range(0, 40) from last in Enumerable.Range(first, 40 - first) select (first, last))
                .ToArray();
            random.Shuffle(ranges);
            await Parallel.ForEachAsync(ranges, new ParallelOptions { MaxDegreeOfParallelism = 1 + (round % 6 * 6) }, async (range, _) =>
            {
                var response = await ReadAsync(key, $"bytes={range.first}-{range.last}", CancellationToken.None);
                Assert.Equal(206, response.Status);
                Assert.Equal(bytes[range.first..(range.last + 1)], response.Bytes);
            });
            await QuietAsync();
            Assert.Equal(1, Remote.MostGiven);
        }
    }

    [Fact]
    [Trait("Rule", "C2")]
    public async Task Clients_that_leave_at_any_byte_spoil_nothing_for_others()
    {
        var bytes = Bytes(40);
        Remote.PieceSize = 1;
        foreach (var mode in Enum.GetValues<FillOnAbort>())
        {
            Settings = Settings with { FillOnAbort = mode };
            await ReopenAsync();
            for (var at = 0; at < bytes.Length; at++)
            {
                var key = $"{mode}-{at}";
                Remote.Put(key, bytes);
                using var leaves = new CancellationTokenSource();
                var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Remote.OnByte = (position, token) =>
                {
                    if (position != at)
                    {
                        return Task.CompletedTask;
                    }

                    reached.TrySetResult();
                    return goOn.Task.WaitAsync(token);
                };
                var leaving = ReadAsync(key, null, leaves.Token);
                var staying = at % 2 == 0 ? ReadAsync(key) : null;
                await reached.Task;
                await leaves.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
                goOn.SetResult();
                if (staying is not null)
                {
                    Assert.Equal(bytes, (await staying).Bytes);
                }

                Remote.OnByte = null;
                await QuietAsync();
                Assert.Equal(bytes, (await ReadAsync(key)).Bytes);
                await QuietAsync();
                await using var copy = await Store.FindAsync(Bucket, key, default);
                Assert.Equal(new(0, 39), copy!.FirstCached(0));
            }
        }
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_body_that_breaks_at_any_byte_is_never_completed_with_anything_else()
    {
        var bytes = Bytes(40);
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 8 };
        Remote.PieceSize = 1;
        for (var at = 0; at < bytes.Length; at++)
        {
            var key = $"key-{at}";
            Remote.Put(key, bytes);
            Remote.OnByte = (position, _) =>
                position == at ? throw new RemoteException(RemoteFailure.BodyBroken, "it broke") : Task.CompletedTask;
            var responses = Enumerable.Range(0, 3).Select(_ => new CollectedResponse()).ToList();
            foreach (var (response, read) in responses
                .Select(response => (response, Reader.ReadAsync(Request(key), response, Remote.Bucket, default))).ToList())
            {
                try
                {
                    await read.WaitAsync(Patience.Limit);
                    Assert.True(response.IsAborted);
                }
                catch (S3Exception failure)
                {
                    Assert.Equal(503, failure.Error.Status);
                    Assert.Equal(0, response.Length);
                }

                Assert.True(response.Length <= at);
                Assert.Equal(bytes[..(int)response.Length], response.Bytes);
            }

            await QuietAsync();
            Remote.OnByte = null;
            Assert.Equal(bytes, (await ReadAsync(key)).Bytes);
        }
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_reader_far_ahead_of_a_running_fill_takes_over_its_tail()
    {
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = 1 << 20, TakeOverDistance = 1 << 20 };
        var bytes = Bytes(8 << 20);
        Remote.Put("key", bytes);
        var gate = new TaskCompletionSource();
        Remote.OnByte = (position, _) => position is > 100_000 and < 1_000_000 ? gate.Task : Task.CompletedTask;
        var whole = ReadAsync("key");
        await Remote.UntilAsync(() => Remote.Bytes > 100_000, "The fill does not begin.");
        var tail = await ReadAsync("key", "bytes=-100").WaitAsync(Patience.Limit);
        Assert.Equal(bytes[^100..], tail.Bytes);
        gate.SetResult();
        Assert.Equal(bytes, (await whole).Bytes);
        await QuietAsync();
        Assert.InRange(Remote.Bytes, bytes.Length, bytes.Length + (1 << 20));
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Sequential_ranges_are_fetched_ahead_of()
    {
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = 1000, ReadAheadBytes = 3000 };
        Remote.Put("key", Bytes(10_000));
        await ReadAsync("key", "bytes=0-999");
        await QuietAsync();
        Assert.Equal(1000, Remote.Bytes);
        await ReadAsync("key", "bytes=1000-1999");
        await QuietAsync();
        Assert.Equal(5000, Remote.Bytes);
        Assert.Equal("HIT", (await ReadAsync("key", "bytes=2000-2999")).Headers["x-cache"].ToString());
        await QuietAsync();
        Assert.Equal(6000, Remote.Bytes);
        Assert.Equal(["bytes=0-999", "bytes=1000-1999", "bytes=2000-2999", "bytes=3000-3999", "bytes=4000-4999", "bytes=5000-5999"],
            Remote.Gets.Select(get => get.Range).Order());
    }

    /// <summary>
    /// One plain GET, but a remote that gives each request little: the rest comes by several at once, each byte once, and is compared as a
    /// whole.
    /// </summary>
    [Fact]
    [Trait("Rule", "C5")]
    public async Task A_slow_whole_object_comes_by_several_requests_at_once()
    {
        const int Chunk = 1 << 20;
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = Chunk, ReadAheadBytes = 3 * Chunk };
        var bytes = Bytes((16 * Chunk) + 5);
        var info = Remote.Put("key", bytes);
        var (now, most) = (0, 0);
        Remote.OnByte = async (_, token) =>
        {
            var running = Interlocked.Increment(ref now);
            InterlockedMax(ref most, running);

            // Here the reader has to wait, and other requests begin. The clock decides how slow the remote is.
            await Task.Delay(1, token);
            Time.Advance(TimeSpan.FromMilliseconds(10));
            Interlocked.Decrement(ref now);
        };
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.InRange(most, 2, 5);
        Assert.Equal(bytes.Length, Remote.Bytes);
        Assert.Null(Remote.Gets.First().Range);
        Assert.All(Remote.Gets.Skip(1), get => Assert.Equal(info.ETag, get.IfMatch));
        Assert.All(Remote.Gets.Skip(1), get => Assert.Equal(0, RangeHeader.Parse(get.Range)!.Value.First % Chunk));
        Assert.InRange(Remote.Gets.Count, 9, 13);
        Assert.Equal("HIT", (await ReadAsync("key")).Headers["x-cache"].ToString());
        Assert.Equal(bytes.Length, Remote.Bytes);
    }

    /// <summary>Without read-ahead, one request continues to the end.</summary>
    [Fact]
    [Trait("Rule", "C5")]
    public async Task A_slow_whole_object_comes_by_one_request_without_read_ahead()
    {
        Settings = Settings with { ChunkThreshold = 0, ChunkSize = 1 << 20, ReadAheadBytes = 0 };
        var bytes = Bytes(8 << 20);
        Remote.Put("key", bytes);
        Remote.OnByte = (_, _) =>
        {
            Time.Advance(TimeSpan.FromMilliseconds(5));
            return Task.CompletedTask;
        };
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        Assert.Equal([null], Remote.Gets.Select(get => get.Range));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
