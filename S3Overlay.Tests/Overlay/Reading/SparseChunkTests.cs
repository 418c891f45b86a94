using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>A range of a large object brings the blocks it touches, not its chunks (rules R5, R10, C5). Here, chunks have 16.</summary>
/// <param name="layer">One of <see cref="LayerScene.All"/>.</param>
public abstract class SparseChunkTests(string layer) : IAsyncLifetime
{
    protected const int Block = 64 << 10;
    protected const int Chunk = 16 * Block;
    protected const int Size = (4 * Chunk) + 5;

    private LayerScene _scene = null!;
    private byte[] _bytes = [];
    private int _forgotten;

    private protected LayerScene Scene => _scene;

    protected byte[] Bytes => _bytes;

    public static TheoryData<string, string> Ranges => new()
    {
        { "bytes=100000-100099", "bytes=65536-131071" },
        { "bytes=131072-262143", "bytes=131072-262143" },
        { "bytes=1048570-1048580", "bytes=983040-1114111" },
        { "bytes=4194300-", "bytes=4128768-" },
        { "bytes=-8", "bytes=-65543" },
        { "bytes=-65536", "bytes=-131071" },
    };

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [Theory, MemberData(nameof(Ranges))]
    [Trait("Rule", "R10")]
    public async Task A_cold_range_is_one_request_for_its_blocks(string range, string requested)
    {
        await ReadAsync(range);
        Assert.Equal([requested], Gets);
        await ReadAsync(range);
        Assert.Single(Gets);
        Assert.InRange(Sent, 1, 3 * Block);
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_cached_objects_range_is_one_request_for_its_blocks()
    {
        await ReadAsync("bytes=0-0");
        await ReadAsync("bytes=-70000");
        await ReadAsync("bytes=2000000-2000000");
        Assert.Equal(["bytes=0-65535", "bytes=4063232-4194308", "bytes=1966080-2031615"], Gets);
        Assert.Equal([[0, 65535], [1966080, 2031615], [4063232, 4194308]], await HeldAsync());
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Ranges_that_overlap_share_what_they_have_in_common_and_none_waits_for_the_other()
    {
        var gate = new TaskCompletionSource();
        _scene.Remote.Script = (request, _) => Task.FromResult(request.Headers.GetValueOrDefault("Range") == "bytes=0-262143"
            ? new ScriptedOutcome { GateAfter = (10, gate) } : ScriptedOutcome.AsUsual);
        var first = ReadAsync("bytes=0-199999");
        await _scene.Remote.UntilAsync(() => Sent >= 10, "The first range does not begin.");
        var second = ReadAsync("bytes=100000-399999");
        await _scene.Remote.UntilAsync(() => Sent >= 10 + (3 * Block), "The second range waits for the first.");
        gate.SetResult();
        await Task.WhenAll(first, second);
        Assert.Equal(["bytes=0-262143", "bytes=262144-458751"], Gets);
        await AssertSentAsync(7 * Block);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Sixty_four_clients_of_one_range_cost_its_blocks_once()
    {
        _bytes = Put(16 << 20, 2);
        var responses = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => SendAsync("bytes=5000000-9194303")));
        Assert.All(responses, response => Assert.True(_bytes.AsSpan(5_000_000, 4_194_304).SequenceEqual(response.Body)));
        await _scene.Proxy.WhenIdleAsync();
        Assert.Equal(["bytes=4980736-9240575"], Gets);
        Assert.InRange(Sent, 4 << 20, (long)(1.05 * (4 << 20)));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Blocks_on_their_way_are_not_requested_with_those_around_them()
    {
        var gate = new TaskCompletionSource();
        _scene.Remote.Script = (request, _) => Task.FromResult(request.Headers.GetValueOrDefault("Range") == "bytes=131072-262143"
            ? new ScriptedOutcome { GateAfter = (10, gate) } : ScriptedOutcome.AsUsual);
        var inside = ReadAsync("bytes=131072-262143");
        await _scene.Remote.UntilAsync(() => Sent >= 10, "The first range does not begin.");
        var around = ReadAsync("bytes=0-393215");
        await _scene.Remote.UntilAsync(() => Gets.Count >= 3, "What is around it is not requested.");
        gate.SetResult();
        await Task.WhenAll(inside, around);
        Assert.Equal(["bytes=131072-262143", "bytes=0-131071", "bytes=262144-393215"], Gets);
    }

    [Theory]
    [InlineData(4, "bytes=0-720895")]
    [InlineData(5, "bytes=0-327679,bytes=655360-720895")]
    [Trait("Rule", "R10")]
    public async Task Missing_blocks_with_few_cached_ones_between_are_one_request(int cached, string requested)
    {
        await ReadAsync($"bytes={5 * Block}-{((5 + cached) * Block) - 1}");
        Forget();
        await ReadAsync($"bytes=0-{(11 * Block) - 1}");
        Assert.Equal(requested, string.Join(',', Gets));
        Assert.Equal([[0, (11 * Block) - 1]], await HeldAsync());
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Sequential_ranges_cost_few_requests_and_each_byte_once()
    {
        for (var at = 0; at < Size; at += Block)
        {
            await ReadAsync($"bytes={at}-{at + Block - 1}");
        }

        // The third range completes its chunk; the first one of the second chunk brings the rest, chunk by chunk and side by side.
        Assert.Equal(["bytes=0-65535", "bytes=65536-131071", $"bytes=131072-{Chunk - 1}"], Gets.Take(3));
        Assert.Equal([$"bytes={Chunk}-{(2 * Chunk) - 1}", $"bytes={2 * Chunk}-{(3 * Chunk) - 1}",
            $"bytes={3 * Chunk}-{(4 * Chunk) - 1}", $"bytes={4 * Chunk}-{Size - 1}"], Gets.Skip(3).Order(StringComparer.Ordinal));
        await AssertSentAsync(Size);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Short_sequential_ranges_bring_no_more_than_eight_times_what_was_read()
    {
        await ReadAsync("bytes=100000-119999");
        await ReadAsync("bytes=120000-129999");
        Assert.Equal(["bytes=65536-131071"], Gets);
        await ReadAsync("bytes=130000-131099");
        Assert.Equal("bytes=131072-393215", Assert.Single(Gets.Skip(1)));
        await ReadAsync("bytes=131100-131101");
        Assert.Equal(2, Gets.Count);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Without_read_ahead_sequential_ranges_bring_their_blocks()
    {
        await _scene.DisposeAsync();
        await StartAsync(("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
        for (var at = 0; at < 4 * Block; at += Block)
        {
            await ReadAsync($"bytes={at}-{at + Block - 1}");
        }

        Assert.Equal(4, Gets.Count);
        await AssertSentAsync(4 * Block);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Adjoining_ranges_requested_side_by_side_are_no_sequence()
    {
        var gate = new TaskCompletionSource();
        _scene.Remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (10, gate) });
        List<Task> reads = [];
        for (var column = 0; column < 4; column++)
        {
            reads.Add(ReadAsync($"bytes={column * 5 * Block}-{((column + 1) * 5 * Block) - 1}"));
            await _scene.Remote.UntilAsync(() => Gets.Count == reads.Count, "A range waits for the one before.");
        }

        gate.SetResult();
        await Task.WhenAll(reads);
        await AssertSentAsync(20 * Block);

        // Nor are they when they are all cached, though now each finds the one before.
        for (var column = 0; column < 4; column++)
        {
            await ReadAsync($"bytes={column * 5 * Block}-{((column + 1) * 5 * Block) - 1}");
        }

        await AssertSentAsync(20 * Block);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Adjoining_ranges_requested_in_another_order_leave_no_sequence_behind()
    {
        var gate = new TaskCompletionSource();
        _scene.Remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (10, gate) });
        List<Task> reads = [];
        foreach (var column in (int[])[2, 0, 1])
        {
            reads.Add(ReadAsync($"bytes={column * 4 * Block}-{((column + 1) * 4 * Block) - 1}"));
            await _scene.Remote.UntilAsync(() => Gets.Count == reads.Count, "A range waits for the one before.");
        }

        gate.SetResult();
        await Task.WhenAll(reads);
        await ReadAsync($"bytes={8 * Block}-{(12 * Block) - 1}");
        await AssertSentAsync(12 * Block);
    }

    /// <summary>The second of these went on after the first, but the third had been requested before it.</summary>
    [Fact]
    [Trait("Rule", "C5")]
    public async Task Adjoining_ranges_of_which_some_came_in_order_leave_no_sequence_behind()
    {
        foreach (var column in (int[])[2, 0, 1, 2])
        {
            await ReadAsync($"bytes={column * 4 * Block}-{((column + 1) * 4 * Block) - 1}");
        }

        await AssertSentAsync(12 * Block);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task A_chunk_is_completed_when_one_block_in_sixteen_is_missing()
    {
        await ReadAsync($"bytes=0-{(14 * Block) - 1}");
        await AssertSentAsync(14 * Block);
        await ReadAsync($"bytes={15 * Block}-{15 * Block}");
        Assert.Equal([[0, Chunk - 1]], await HeldAsync());
        await AssertSentAsync(Chunk);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task A_chunk_with_scattered_holes_is_completed_though_its_reader_has_left()
    {
        await _scene.DisposeAsync();
        await StartAsync(("S3_OVERLAY_CHUNK_SIZE", "4MiB"));
        foreach (var (first, last) in ((int, int)[])[(1, 9), (11, 19), (21, 29), (31, 39), (41, 63)])
        {
            await ReadAsync($"bytes={first * Block}-{((last + 1) * Block) - 1}");
        }

        var gate = new TaskCompletionSource();
        _scene.Remote.Script = (request, _) => Task.FromResult(
            request.Headers.GetValueOrDefault("Range") == "bytes=655360-720895" ? new ScriptedOutcome { GateAfter = (1, gate) } : new());
        Assert.Equal(206, (await SendAsync("bytes=0-0")).Status);
        await _scene.Remote.UntilAsync(() => Gets[^1] == "bytes=655360-720895", "The first hole is not requested.");
        gate.SetResult();
        await _scene.Proxy.WhenIdleAsync();
        Assert.Equal([[0, (64 * Block) - 1]], await HeldAsync());
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Readers_of_different_parts_each_get_read_ahead()
    {
        for (var at = 0; at < 2 * Chunk; at += Block)
        {
            await ReadAsync($"bytes={at}-{at + Block - 1}");
            await ReadAsync($"bytes={(2 * Chunk) + at}-{(2 * Chunk) + at + Block - 1}");
        }

        Assert.InRange(Gets.Count, 1, 20);
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Warming_ranges_brings_their_blocks_and_no_more()
    {
        var warmed = await _scene.SendAsync("POST", "/-/v1/warm?bucket=bucket&key=key&ranges=head:960KiB");
        Assert.Equal(200, warmed.Status);
        await _scene.Proxy.WhenIdleAsync();
        Assert.Equal([[0, (15 * Block) - 1]], await HeldAsync());
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Warming_completes_what_ranges_have_begun()
    {
        await ReadAsync("bytes=70000-70000");
        var warmed = await _scene.SendAsync("POST", "/-/v1/warm?bucket=bucket&key=key");
        Assert.Equal(200, warmed.Status);
        await _scene.Proxy.WhenIdleAsync();
        Assert.Equal([[0, Size - 1]], await HeldAsync());
        Assert.Equal(["bytes=65536-131071", $"bytes=0-{Size - 1}"], Gets);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task The_whole_object_brings_what_is_missing()
    {
        await ReadAsync("bytes=1500000-1500000");
        await ReadAsync("bytes=3500000-3500000");
        Forget();
        var whole = await SendAsync(null);
        Assert.Equal(_bytes, whole.Body);
        await _scene.Proxy.WhenIdleAsync();
        Assert.InRange(Sent, Size - (2 * Block), Size);
        Assert.Equal([[0, Size - 1]], await HeldAsync());
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Two_ranges_of_one_chunk_are_never_of_two_versions()
    {
        await ReadAsync("bytes=0-99");
        var old = _bytes;
        _bytes = Put(Size, 3);

        // What is cached is served until the remote is asked, which drops all of it.
        Assert.Equal(old[..100], (await SendAsync("bytes=0-99")).Body);
        Assert.Equal(_bytes[..200_000], (await SendAsync("bytes=0-199999")).Body);
        await _scene.Proxy.WhenIdleAsync();
        await ReadAsync("bytes=0-99");
        await ReadAsync("bytes=300000-300099");
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task Blocks_cached_before_are_compared_with_what_the_remote_promised()
    {
        var right = _bytes.ToArray();
        var etag = $"\"{Convert.ToHexStringLower(MD5.HashData(right))}\"";
        _bytes[(2 * Block) + 7] ^= 1;
        _scene.Remote.Put("bucket", "key", new ScriptedObject(_bytes, etag, DateTimeOffset.UtcNow, []));
        await ReadAsync($"bytes={2 * Block}-{2 * Block}");
        _scene.Remote.Put("bucket", "key", new ScriptedObject(right, etag, DateTimeOffset.UtcNow, []));
        await SendAsync(null);
        await _scene.Proxy.WhenIdleAsync();
        Assert.Equal($"bytes=0-{Size - 1}", Gets[^1]);
        Assert.Empty(await HeldAsync());
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task A_range_behind_the_end_is_416_and_caches_nothing()
    {
        var response = await SendAsync($"bytes={Size}-{Size + 10}");
        Assert.Equal((416, "InvalidRange", $"bytes */{Size}"), (response.Status, response.Code, response.Headers["Content-Range"]));
        Assert.Empty(await HeldAsync());
    }

    protected IReadOnlyList<string> Gets => [.. _scene.Remote.Requests.Skip(_forgotten)
        .Where(static request => request is { Method: "GET", Key.Length: > 0 })
        .Select(static request => request.Headers.GetValueOrDefault("Range", "all"))];

    protected long Sent => _scene.Remote.Requests.Skip(_forgotten).Sum(static request => Interlocked.Read(ref request.BytesSent));

    /// <summary>The remote counts bytes once they are sent, and the proxy may have them before.</summary>
    protected async Task AssertSentAsync(long bytes)
    {
        await _scene.Remote.UntilAsync(() => Sent >= bytes, $"The remote has sent {Sent} bytes, not {bytes}.");
        Assert.Equal(bytes, Sent);
    }

    protected void Forget() => _forgotten = _scene.Remote.Requests.Count;

    protected async Task StartAsync(params (string Name, string Value)[] settings)
    {
        _scene = await LayerScene.StartAsync(layer,
            [("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"), ("S3_OVERLAY_CHUNK_SIZE", "1MiB"), .. settings]);
        _bytes = Put(Size, 1);
    }

    private byte[] Put(int size, int seed)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        _scene.Remote.Put("bucket", "key", bytes);
        return bytes;
    }

    private protected Task<RawResponse> SendAsync(string? range) =>
        _scene.SendAsync("GET", "/bucket/key", null, range is null ? [] : [("Range", range)]);

    /// <summary>Reads a range, checks its bytes, and waits for the fills.</summary>
    protected async Task ReadAsync(string range)
    {
        var response = await SendAsync(range);
        Assert.Equal(206, response.Status);
        var first = long.Parse(response.Headers["Content-Range"][6..].Split('-')[0], CultureInfo.InvariantCulture);
        Assert.True(_bytes.AsSpan((int)first, response.Body.Length).SequenceEqual(response.Body));
        await _scene.Proxy.WhenIdleAsync();
    }

    /// <summary>The cached ranges that an explanation shows.</summary>
    protected async Task<long[][]> HeldAsync()
    {
        var response = await _scene.SendAsync("GET", "/-/v1/explain?bucket=bucket&key=key");
        return JsonDocument.Parse(response.Text).RootElement.TryGetProperty("held", out var held) && held.ValueKind == JsonValueKind.Object
            ? held.GetProperty("runs").Deserialize<long[][]>()! : [];
    }
}
