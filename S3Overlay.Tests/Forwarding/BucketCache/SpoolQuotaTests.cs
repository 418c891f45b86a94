using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Spool space is reserved only for fills, and is released for every outcome of a fill.</summary>
public sealed class SpoolQuotaTests : IAsyncLifetime
{
    private const int Chunk = 100;

    private readonly byte[] _bytes = EntryFilling.Bytes(250);
    private StoreBench _bench = null!;
    private SpoolFolder _spool = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _spool = _bench.Spool();
        _store = _bench.Open(_spool, new ManualTimeProvider());
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Theory, Trait("Rule", "C1")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public Task An_entry_evicted_at_any_instant(int chunk) =>
        SweepAsync(chunk, key => _store.EvictAsync("bucket", key, null, default).AsTask());

    [Theory, Trait("Rule", "C1")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public Task A_version_evicted_at_any_instant(int chunk) =>
        SweepAsync(chunk, key => _store.EvictAsync("bucket", key, EntryFilling.Info(_bytes).ETag, default).AsTask());

    [Theory, Trait("Rule", "C1")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public Task An_entry_replaced_at_any_instant(int chunk) =>
        SweepAsync(chunk, key => _store.BeginFillAsync(key, EntryFilling.Bytes(150, 2), chunk));

    [Theory, Trait("Rule", "C1")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public Task An_entry_whose_row_another_proxy_deletes_at_any_instant(int chunk) => SweepAsync(
        chunk,
        async key =>
        {
            foreach (var row in await _bench.NamesAsync(EntryNames.RowsOf(new ObjectName("bucket", key))))
            {
                await _bench.Calls.DeleteAsync(StoreBench.CacheBucket, row, default);
            }
        });

    [Theory, Trait("Rule", "C1")]
    [InlineData(0)]
    [InlineData(Chunk)]
    public Task A_store_that_refuses_all_from_any_instant_on(int chunk) => SweepAsync(
        chunk,
        _ =>
        {
            _bench.Server.Refuse = _ => 403;
            return Task.CompletedTask;
        });

    private async Task SweepAsync(int chunk, Func<string, Task> meanwhile)
    {
        var runs = await StoreSteps.SweepAsync(
            _bench.Server,
            async run =>
            {
                await _store.BeginFillAsync($"key{run}", _bytes, chunk);
                await _store.WhenIdleAsync();
            },
            run => meanwhile($"key{run}"),
            async run =>
            {
                _bench.Server.Refuse = null;
                await _store.WhenIdleAsync();
                Assert.True(_spool.Used == 0, $"{_spool.Used} bytes are still set aside after run {run}.");
            });
        Assert.True(runs > 4, $"{runs}");
    }
}
