using System.Text;

using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Pinned entries in the cache bucket are not evicted to make room, by any proxy (rule E6).</summary>
public sealed class PinnedEntryTests : IAsyncLifetime
{
    private const int Size = 100_000;

    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly ManualTimeProvider _proxyClock = new(DateTimeOffset.UtcNow);
    private StoreBench _bench = null!;
    private BucketCacheStore _store = null!;

    public async Task InitializeAsync()
    {
        _bench = await StoreBench.StartAsync(_clock);
        _store = Open();
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact, Trait("Rule", "E6")]
    public async Task What_another_proxy_pinned_stays_and_later_entries_go()
    {
        await FillAsync("one", "p/two", "three", "four", "five");
        await using (var other = Open())
        {
            await PinAsync(other, "one", isPrefix: false);
            await PinAsync(other, "p/", isPrefix: true);
        }

        await _store.EvictAsync();
        await _store.WhenIdleAsync();
        Assert.Equal(["five", "one", "p/two"], await KeysAsync());
        Assert.Equal(["one", "p/"], _store.Pins.All.Select(static pin => pin.Name));

        Assert.True(await _store.Pins.RemoveAsync(new CachePin("bucket", "one", IsPrefix: false), default));
        await FillAsync("six");
        await _store.EvictAsync();
        await _store.WhenIdleAsync();
        Assert.Equal(["five", "p/two", "six"], await KeysAsync());
    }

    [Fact, Trait("Rule", "E6")]
    public async Task A_pinned_name_without_its_key_stays()
    {
        var key = new string('k', 900);
        await FillAsync(key, "one", "two", "three");
        await PinAsync(_store, new string('k', 850), isPrefix: true);
        await _store.EvictAsync();
        await _store.WhenIdleAsync();
        Assert.Equal([key, "three", "two"], await KeysAsync());
    }

    [Fact, Trait("Rule", "E6")]
    public async Task Without_its_pins_nothing_is_evicted()
    {
        await FillAsync("one", "two", "three", "four", "five");
        await PinAsync(_store, "one", isPrefix: false);
        await using var other = Open();
        _bench.Server.Fail = static request =>
            request.Path.Value!.EndsWith("/pins", StringComparison.Ordinal) ? (403, "AccessDenied") : null;
        await Assert.ThrowsAnyAsync<IOException>(() => other.EvictAsync());
        _bench.Server.Fail = null;
        Assert.Equal(5, (await KeysAsync()).Count);
        await other.EvictAsync();
        await other.WhenIdleAsync();
        Assert.Contains("one", await KeysAsync());
    }

    /// <summary>Otherwise the bucket would grow for ever.</summary>
    [Fact, Trait("Rule", "E6")]
    public async Task Damaged_pins_are_said_and_what_was_known_of_them_counts_on()
    {
        await FillAsync("one", "two", "three", "four", "five");
        await PinAsync(_store, "one", isPrefix: false);
        await PutPinsAsync("{ \"s3Overlay\": ");
        await _store.EvictAsync();
        await _store.WhenIdleAsync();
        Assert.True(_store.ArePinsDamaged);
        Assert.Equal(["five", "four", "one"], await KeysAsync());

        using (var removal = await _bench.Calls.SendAsync(new WireRequest("DELETE", StoreBench.CacheBucket, "pins"), default))
        {
            await _store.EvictAsync();
        }

        Assert.False(_store.ArePinsDamaged);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_proxies_pin_at_once_and_none_is_lost_where_the_store_has_conditions(bool hasConditions)
    {
        if (hasConditions)
        {
            _bench.Abilities = new StoreCapabilities { Conditions = new() { PutsIfMatch = true, PutsIfNew = true } };
        }

        await using var other = Open();
        for (var i = 0; i < 10; i++)
        {
            var pins = Task.WhenAll(PinAsync(_store, $"a{i}", false), PinAsync(other, $"b{i}", false));
            await pins;
        }

        await _store.Pins.RefreshAsync(default);
        Assert.InRange(_store.Pins.All.Count, hasConditions ? 20 : 10, 20);
    }

    [Fact]
    public async Task An_object_that_is_no_list_of_pins_is_left_alone()
    {
        await FillAsync("one");
        await PutPinsAsync("{}");
        await Assert.ThrowsAnyAsync<IOException>(() => PinAsync(_store, "one", isPrefix: false));
        using var response = await _bench.Calls.SendAsync(new WireRequest("GET", StoreBench.CacheBucket, "pins"), default);
        await using var body = await response.BodyAsync(default);
        using var reader = new StreamReader(body, Encoding.UTF8);
        Assert.Equal("{}", await reader.ReadToEndAsync());
    }

    private async Task PutPinsAsync(string text) => (await _bench.Calls.SendAsync(
        new WireRequest("PUT", StoreBench.CacheBucket, "pins") { Body = WireBody.Of(Encoding.UTF8.GetBytes(text)) }, default)).Dispose();

    private BucketCacheStore Open() => _bench.Open(time: _proxyClock, maxBytes: (3 * Size) + 20_000);

    private static Task PinAsync(BucketCacheStore store, string name, bool isPrefix) =>
        store.Pins.AddAsync(new CachePin("bucket", name, isPrefix), null, 100, isDryRun: false, default);

    private async Task FillAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            await _store.FillAsync(key, EntryFilling.Bytes(Size));
            await _store.WhenIdleAsync();
            _clock.Advance(TimeSpan.FromMinutes(2));
        }
    }

    private async Task<List<string>> KeysAsync() =>
        await _store.ListAsync("bucket", "", "", default).Select(static row => row.Key).ToListAsync();
}
