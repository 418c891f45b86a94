using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Tests.Overlay.Freshness;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>A reader has found an entry. A background comparison with the remote evicts it before the reader gets a byte.</summary>
public sealed class EvictedBeforeReadTests : FreshnessTestBase
{
    private readonly TaskCompletionSource _dropped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _put = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isFound;
    private StoreBench _bench = null!;

    public EvictedBeforeReadTests() => Wrap = store => new SteppedStore(store) { AfterFind = FoundAsync, AfterEviction = Dropped };

    /// <summary>Found in the spool. When it is read it has moved to the store, and when it is requested there it is gone.</summary>
    [Fact, Trait("Rule", "R7"), Trait("Rule", "S4")]
    public async Task The_reader_gets_the_new_version_whole()
    {
        InChunks(150_000);
        Settings = Settings with { FillOnAbort = FillOnAbort.Drop };
        _bench.Server.Before = call => IsCopy(call, "PUT") ? _put.Task : Task.CompletedTask;
        await HoldAsync("key", 100_000);
        Time.Advance(Life / 5 * 4);
        var newer = Bytes(100, 2);
        Remote.Put("key", newer);
        _isFound = true;
        var response = await ReadAsync("key");
        Assert.Equal("MISS", Origin(response).Cache);
        Assert.Equal(newer, response.Bytes);
        await QuietAsync();
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
    }

    protected override async Task<ICachePlace> StartPlaceAsync() => _bench = await StoreBench.StartAsync();

    private static bool IsCopy(StoreCall call, string method) => call.Method == method
        && call.Path.Contains("/c/", StringComparison.Ordinal);

    private async Task FoundAsync()
    {
        if (_isFound)
        {
            _isFound = false;
            _bench.Server.Before = call => IsCopy(call, "GET") ? _dropped.Task : Task.CompletedTask;
            _put.SetResult();
            await ((BucketCacheStore)Store).WhenIdleAsync();
        }
    }

    private Task Dropped()
    {
        _dropped.TrySetResult();
        return Task.CompletedTask;
    }
}
