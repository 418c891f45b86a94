using Amazon.S3.Model;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>
/// Many readers at once, over real connections. Each byte comes from the remote once, and the first bytes reach a reader before the last
/// arrive.
/// </summary>
public abstract class ColdReadersTests(bool isOnStore) : IAsyncLifetime
{
    private const int Size = 64 << 20;
    private const int Readers = 64;

    private readonly TemporaryFolder _folder = new();
    private StoreServer? _store;
    private ScriptedRemote _remote = null!;
    private ProxyProcess _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        var bytes = new byte[Size];
        await new PatternStream(Size).ReadExactlyAsync(bytes);
        _remote.Put("bucket", "large", bytes);
        _store = isOnStore ? await StoreServer.StartAsync() : null;
        _proxy = await ProxyProcess.StartAsync(
            _folder["data"],
            [.. _store is null ? [] : new[] { ("S3_OVERLAY_LOCAL_ENDPOINT", _store.Endpoint.ToString().TrimEnd('/')),
                ("S3_OVERLAY_SPOOL_DIR", _folder["spool"]) },
            ("S3_OVERLAY_REMOTE_ENDPOINT", _remote.Endpoint.ToString().TrimEnd('/')),
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "key"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "secret"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"),

            // The remote pauses on purpose, for as long as this machine needs to start all readers. That must not count as a failure.
            ("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "5m"),
            ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "5m"),
            ("S3_OVERLAY_REMOTE_BUDGET", "10m")]);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Rule", "C1")]
    [Trait("Rule", "R3")]
    [FullRun("64 readers read a large object through three processes")]
    public async Task Sixty_four_readers_cost_the_remote_one_object_and_see_its_start_before_its_end()
    {
        var gate = new TaskCompletionSource();
        _remote.Script = (request, _) => Task.FromResult(
            request.Headers.ContainsKey("Range") ? ScriptedOutcome.AsUsual : new ScriptedOutcome { GateAfter = (Size / 2, gate) });
        using var s3 = S3Clients.Create(_proxy.Endpoint);
        var responses = await Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => s3.GetObjectAsync("bucket", "large")));

        // The remote pauses halfway: every first byte here was served before the last one left the remote.
        var firsts = await Task.WhenAll(responses.Select(async response =>
        {
            var first = new byte[1000];
            await response.ResponseStream.ReadExactlyAsync(first);
            return first;
        }));
        gate.SetResult();
        var expected = new byte[1000];
        await new PatternStream(Size).ReadExactlyAsync(expected);
        Assert.All(firsts, first => Assert.Equal(expected, first));
        var rest = await Task.WhenAll(responses.Select(response => PatternStream.VerifyAsync(response.ResponseStream, start: 1000)));
        Assert.All(rest, read => Assert.Equal(Size - 1000, read));
        Assert.Equal(Size, _remote.BodyBytesSent("bucket", "large"));
        foreach (var response in responses)
        {
            response.Dispose();
        }
    }

    [Fact]
    [Trait("Rule", "C1")]
    [Trait("Rule", "R5")]
    public async Task Sixty_four_readers_of_a_range_cost_the_remote_its_blocks_or_its_chunks()
    {
        const int First = 20 << 20;
        const int Length = 4 << 20;
        using var s3 = S3Clients.Create(_proxy.Endpoint);
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(async _ =>
        {
            var range = new ByteRange(First + 5, First + Length + 4);
            using var response = await s3.GetObjectAsync(new GetObjectRequest { BucketName = "bucket", Key = "large", ByteRange = range });
            Assert.Equal(Length, await PatternStream.VerifyAsync(response.ResponseStream, start: First + 5));
        }));
        Assert.InRange(_remote.BodyBytesSent("bucket", "large"), Length, (long)(1.05 * Length));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_short_range_at_the_end_of_a_chunk_does_not_wait_for_the_chunk()
    {
        const int ChunkEnd = 16 << 20;
        const int First = ChunkEnd - (64 << 10);
        var head = new TaskCompletionSource();
        _remote.Script = (request, _) => Task.FromResult(
            request.Headers.TryGetValue("Range", out var range) && range.StartsWith($"bytes={First}-", StringComparison.Ordinal)
                ? ScriptedOutcome.AsUsual
                : new ScriptedOutcome { GateAfter = (0, head) });
        using var s3 = S3Clients.Create(_proxy.Endpoint);
        using var response = await s3
            .GetObjectAsync(new GetObjectRequest { BucketName = "bucket", Key = "large", ByteRange = new(ChunkEnd - 100, ChunkEnd - 1) });
        Assert.Equal(100, await PatternStream.VerifyAsync(response.ResponseStream, start: ChunkEnd - 100));
        head.SetResult();
        Assert.Equal($"bytes={First}-16777215", _remote.Requests.First(r => r.Key == "large").Headers["Range"]);
    }

    [Fact]
    [Trait("Rule", "F-unreachable")]
    public async Task A_missing_remote_is_a_503_to_repeat_and_entries_are_still_served()
    {
        _remote.Put("bucket", "small", "held"u8.ToArray());
        using var s3 = S3Clients.Create(_proxy.Endpoint);
        using (var cold = await s3.GetObjectAsync("bucket", "small"))
        {
            Assert.Equal("held"u8.ToArray(), await LocalOnlyTests.ReadAsync(cold));
        }

        _remote.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 500, "InternalError");
            return ScriptedOutcome.Answered;
        };
        using var warm = await s3.GetObjectAsync("bucket", "small");
        Assert.Equal("held"u8.ToArray(), await LocalOnlyTests.ReadAsync(warm));
        var raw = await new SignedHttp(_proxy.Endpoint).SendAsync("GET", "/bucket/other");
        Assert.Equal((503, "ServiceUnavailable"), (raw.Status, raw.Code));
        Assert.NotEmpty(raw.Headers["Retry-After"]);
    }
}
