using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// Several proxies over one cache bucket, some of which die between any two calls. Entries found afterwards are right and listed.
/// </summary>
public sealed class RacingProxiesTests : IAsyncLifetime
{
    private const int Chunk = 100;

    private readonly byte[] _older = EntryFilling.Bytes(300, 1);
    private readonly byte[] _newer = EntryFilling.Bytes(250, 2);
    private StoreBench _bench = null!;

    public async Task InitializeAsync() => _bench = await StoreBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory]
    [Trait("Rule", "R7")]
    [InlineData(0, 0)]
    [InlineData(0, Chunk)]
    [InlineData(Chunk, 0)]
    [InlineData(Chunk, Chunk)]
    public async Task Two_versions_filled_at_once(int olderChunk, int newerChunk) =>
        await RaceAsync((first, second) => Task.WhenAll(
            Task.Run(() => first.BeginFillAsync("key", _older, olderChunk)),
            Task.Run(() => second.BeginFillAsync("key", _newer, newerChunk))));

    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public async Task A_version_filled_while_another_proxy_evicts_it(int chunk) =>
        await RaceAsync(async (first, second) =>
        {
            var filling = Task.Run(() => first.BeginFillAsync("key", _older, chunk));
            await second.EvictAsync("bucket", "key", EntryFilling.Info(_older).ETag, default);
            await second.EvictAsync("bucket", "key", EntryFilling.Info(_older).ETag, default);
            await filling;
        });

    [Theory]
    [Trait("Rule", "T2")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public async Task A_version_replaced_while_another_proxy_evicts_the_previous_one(int chunk) =>
        await RaceAsync(async (first, second) =>
        {
            await first.BeginFillAsync("key", _older, chunk);
            await Task.WhenAll(
                Task.Run(() => first.BeginFillAsync("key", _newer, chunk)),
                Task.Run(() => second.EvictAsync("bucket", "key", EntryFilling.Info(_older).ETag, default).AsTask()));
        });

    [Theory]
    [Trait("Rule", "S1")]
    [InlineData(0, false)]
    [InlineData(Chunk, false)]
    [InlineData(0, true)]
    [InlineData(Chunk, true)]
    public async Task A_version_renewed_while_another_proxy_evicts_or_replaces_it(int chunk, bool isReplaced) =>
        await RaceAsync(async (first, second) =>
        {
            await first.BeginFillAsync("key", _older, chunk);
            await first.WhenIdleAsync();
            await Task.WhenAll(
                Task.Run(() => RenewAsync(first)),
                Task.Run(() => isReplaced
                    ? second.BeginFillAsync("key", _newer, chunk)
                    : second.EvictAsync("bucket", "key", EntryFilling.Info(_older).ETag, default).AsTask()));
        });

    [Theory]
    [Trait("Rule", "F")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public async Task A_proxy_that_ends_between_any_two_calls_leaves_nothing_wrong(int chunk)
    {
        for (var calls = 0; ; calls++)
        {
            var left = calls;
            await using (var store = _bench.Open(time: new ManualTimeProvider()))
            {
                _bench.Server.Refuse = _ => Interlocked.Decrement(ref left) < 0 ? 403 : null;
                foreach (var version in (byte[][])[_older, _newer])
                {
                    await RunAsync(() => store.BeginFillAsync("key", version, chunk));
                    if (chunk == 0)
                    {
                        await store.WhenIdleAsync();
                    }
                }

                await RunAsync(() => RenewAsync(store, EntryFilling.Info(_newer)));
                await store.WhenIdleAsync();

                await RunAsync(() => store.EvictAsync("bucket", "key", EntryFilling.Info(_newer).ETag, default).AsTask());
            }

            _bench.Server.Refuse = null;
            await CheckAsync($"after {calls} calls");
            await using (var store = _bench.Open())
            {
                await store.EvictAsync("bucket", "key", null, default);
                await store.WhenIdleAsync();
                Assert.Null(await store.FindAsync("bucket", "key", LookupHint.Info, default));
            }

            if (left > 0)
            {
                return;
            }
        }
    }

    private static async Task RunAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (IOException)
        {
            // The process is as good as gone.
        }
    }

    /// <summary>The remote has given the version another date.</summary>
    private Task RenewAsync(BucketCacheStore store, ObjectInfo? info = null)
    {
        info ??= EntryFilling.Info(_older);
        return store.RenewAsync("bucket", "key", info.ETag, DateTimeOffset.UtcNow,
            info with { LastModified = EntryFilling.Modified.AddDays(1) }, default).AsTask();
    }

    private async Task RaceAsync(Func<BucketCacheStore, BucketCacheStore, Task> race)
    {
        for (var seed = 0; seed < 25; seed++)
        {
            // Their clocks do not move, so delayed manifests are written at the end.
            await using (var first = _bench.Open(time: new ManualTimeProvider(), proxies: 2))
            await using (var second = _bench.Open(time: new ManualTimeProvider(), proxies: 2))
            await using (new JumbledCalls(_bench.Server, seed))
            {
                await race(first, second);
                await Task.WhenAll(first.DisposeAsync().AsTask(), second.DisposeAsync().AsTask());
            }

            await CheckAsync($"seed {seed}");
            await using var third = _bench.Open(proxies: 2);
            await third.EvictAsync("bucket", "key", null, default);
        }
    }

    /// <summary>A lookup finds the bytes of one version, as far as they are cached, and a row.</summary>
    private async Task CheckAsync(string when)
    {
        await using var fresh = _bench.Open();
        var rows = new List<CacheRow>();
        await foreach (var row in fresh.ListAsync("bucket", "", "", default))
        {
            rows.Add(row);
        }

        await using var copy = await fresh.FindAsync("bucket", "key", LookupHint.Bytes(null), default);
        if (copy is null)
        {
            return;
        }

        var expected = copy.Info.Size == _older.Length ? _older : _newer;
        Assert.True(rows.Contains(new CacheRow("key", copy.Info.Size, copy.Info.ETag, copy.Info.LastModified)),
            $"No row lists the copy, {when}.");
        for (long position = 0; copy.FirstCached(position) is { } held; position = held.Last + 1)
        {
            var read = await copy.ReadAllAsync(held);
            Assert.Equal(expected[(int)held.First..(int)(held.First + read.Length)], read);
        }
    }
}
