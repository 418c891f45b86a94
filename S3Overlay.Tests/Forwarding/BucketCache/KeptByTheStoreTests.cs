using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// An entry in chunks is evicted, but the store fails to delete it. Lookups no longer find it, and it is deleted once the store can.
/// </summary>
[Trait("Rule", "F"), Trait("Rule", "C3")]
public sealed class KeptByTheStoreTests : IAsyncLifetime
{
    private readonly byte[] _bytes = EntryFilling.Bytes(80);
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync();
        _store = _bench.Open(time: _time);
        await _store.BeginFillAsync("key", _bytes, 100);
        await _store.WhenIdleAsync();
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_does_not_return(bool isWithdrawn)
    {
        await EvictRefusedAsync(isWithdrawn);
        for (var i = 0; i < 20; i++)
        {
            Assert.Null(await _store.FindAsync("bucket", "key", LookupHint.Info, default));
            Assert.True(await _store.WhenIdleAsync());
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.NotEmpty(await _bench.NamesAsync("c/"));
        _bench.Server.Refuse = null;
        await SettleAsync();
        Assert.Null(await _store.FindAsync("bucket", "key", LookupHint.Info, default));
        foreach (var kind in (string[])["c/", "r/", "k/"])
        {
            Assert.Empty(await _bench.NamesAsync(kind));
        }
    }

    [Fact]
    public async Task What_is_put_in_its_place_stays()
    {
        await EvictRefusedAsync(isWithdrawn: false);
        var newer = EntryFilling.Bytes(90, 2);
        await _store.BeginFillAsync("key", newer, 100);
        await _store.WhenIdleAsync();
        _bench.Server.Refuse = null;
        await SettleAsync();
        Assert.Equal(newer, await _store.ReadAsync("key"));
        await using var other = _bench.Open();
        Assert.Equal(newer, await other.ReadAsync("key"));
    }

    [Fact]
    public async Task The_end_does_not_wait_for_it()
    {
        await EvictRefusedAsync(isWithdrawn: true);
        await _store.DisposeAsync().AsTask().WaitAsync(Patience.Limit);
        Assert.NotEmpty(await _bench.NamesAsync("c/"));
    }

    private async Task EvictRefusedAsync(bool isWithdrawn)
    {
        await using var copy = await _store.FindAsync("bucket", "key", LookupHint.Info, default);
        Assert.True(!isWithdrawn || copy!.TryWithdraw());
        _bench.Server.Refuse = static request => request.Method == "DELETE" ? 403 : null;
        await Assert.ThrowsAnyAsync<IOException>(() => _store.EvictAsync("bucket", "key", null, default).AsTask());
    }

    private async Task SettleAsync()
    {
        while (await _store.WhenIdleAsync())
        {
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }
}
