using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>
/// Near the end of its life, an entry is compared with the remote in the background, once, while readers are served (rule S4).
/// </summary>
[Trait("Rule", "S4")]
public class RefreshTests : FreshnessTestBase
{
    private readonly TaskCompletionSource _dropped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isWatching;

    public RefreshTests() => Wrap = store => new SteppedStore(store)
    {
        AfterEviction = () =>
        {
            if (_isWatching)
            {
                _dropped.TrySetResult();
            }

            return Task.CompletedTask;
        },
    };

    [Fact]
    public async Task No_reader_waits_and_the_entry_is_renewed()
    {
        var bytes = await HoldAsync("key");
        ForgetRequests();
        Time.Advance((Life / 5 * 4) - Moment);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Empty(Remote.Heads);

        Time.Advance(Moment);
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        for (var i = 0; i < 20; i++)
        {
            var response = await ReadAsync(Request("key", head: i % 3 == 0));
            Assert.Equal(("cache", "HIT", "480"), Origin(response));
            Assert.Equal(bytes.Length, response.Headers.ContentLength);
        }

        await Remote.UntilAsync(() => Questions.Count == 1, "The remote got no request.");
        answered.SetResult();
        await RenewedAsync(Time.GetUtcNow());
        Time.Advance((Life / 5 * 4) - Moment);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        Assert.Single(Questions);
        Assert.Empty(Remote.Gets);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(0)]
    public async Task A_new_version_of_a_whole_entry_is_filled_before_the_next_read(int length)
    {
        var older = await HoldAsync("key", 100_000);
        Time.Advance(Life / 5 * 4);
        ForgetRequests();
        var newer = Bytes(length, 2);
        var version = Remote.Put("key", newer);
        Assert.Equal(older, await ReadBeforeItIsComparedAsync());
        await FoundAsync(copy => copy?.Info.ETag == version.ETag
            && (length == 0 || copy.FirstCached(0) is { First: 0 } held && held.Length == length));
        await QuietAsync();
        for (var i = 0; i < 2; i++)
        {
            var response = await ReadAsync("key");
            Assert.Equal("HIT", Origin(response).Cache);
            Assert.Equal(newer, response.Bytes);
        }

        Assert.Single(Remote.Gets);
        Assert.Single(Remote.Heads);
    }

    [Theory]
    [InlineData("in chunks")]
    [InlineData("into chunks")]
    [InlineData("drop")]
    public async Task Another_new_version_is_fetched_by_the_next_reader(string why)
    {
        InChunks(why == "in chunks" ? 64 << 10 : 150_000);
        Settings = why == "drop" ? Settings with { FillOnAbort = FillOnAbort.Drop } : Settings;
        var older = await HoldAsync("key", 100_000);
        Time.Advance(Life / 5 * 4);
        ForgetRequests();
        var newer = Bytes(why == "into chunks" ? 200_000 : 100, 2);
        Remote.Put("key", newer);
        _isWatching = true;
        Assert.Equal(older, await ReadBeforeItIsComparedAsync());
        await EvictedAsync();
        Assert.Empty(Remote.Gets);
        Assert.Equal(newer, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
    }

    [Fact]
    [Trait("Rule", "C3")]
    public async Task A_key_that_was_just_written_is_not_filled()
    {
        await HoldAsync("key");
        Time.Advance(Life / 5 * 4);
        ForgetRequests();
        Remote.Put("key", Bytes(500, 2));
        var answered = new TaskCompletionSource();
        Remote.OnResponse = (_, _) => answered.Task;
        await ReadAsync("key");
        await Remote.UntilAsync(() => Questions.Count == 1, "The remote got no request.");
        await Reader.InvalidateAsync(Bucket, "key");
        _isWatching = true;
        answered.SetResult();
        await EvictedAsync();
        await QuietAsync();
        Assert.Empty(Remote.Gets);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
    }

    [Fact]
    public async Task A_deleted_object_is_evicted()
    {
        await HoldAsync("key");
        Time.Advance(Life / 5 * 4);
        Remote.Remove("key");
        _isWatching = true;
        await ReadBeforeItIsComparedAsync();
        await EvictedAsync();
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"))).Error.Code);
    }

    [Theory]
    [InlineData(RemoteFailure.AccessDenied)]
    [InlineData(RemoteFailure.Unavailable)]
    public async Task A_failed_refresh_is_not_repeated_until_the_entry_is_stale(RemoteFailure failure)
    {
        await HoldAsync("key");
        ForgetRequests();
        Time.Advance(Life / 5 * 4);
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Remote.OnRequest = (_, _) =>
        {
            failed.TrySetResult();
            throw new RemoteException(failure, "as the test says");
        };
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        await failed.Task.WaitAsync(Patience.Limit);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
            await Task.Yield();
        }

        Assert.Single(Questions);
        Fail(null);
        Time.Advance(Life / 5);

        // The failure of the remote may be recorded only now. A second later it is asked again.
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); Origin(await ReadAsync("key")).Cache != "REVALIDATED"; Time
            .Advance(Moment))
        {
            Assert.True(waited.Elapsed < Patience.Limit, "The remote is not asked again.");
        }

        Time.Advance(Life / 5 * 4);
        Assert.Equal("HIT", Origin(await ReadAsync("key")).Cache);
        await RenewedAsync(Time.GetUtcNow());
        Assert.Equal(3, Questions.Count);
    }

    /// <summary>
    /// Reads the entry to its end before the remote says that it is outdated: an entry that is evicted earlier may be gone when its
    /// bytes are read.
    /// </summary>
    private async Task<byte[]> ReadBeforeItIsComparedAsync()
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Remote.OnResponse = (_, _) => answered.Task;
        var response = await ReadAsync("key");
        answered.SetResult();
        return response.Bytes;
    }

    private Task EvictedAsync() => _dropped.Task.WaitAsync(Patience.Limit);

    private Task FoundAsync(Predicate<ICacheEntry?> isAwaited) => Patience.UntilAsync(
        async () =>
        {
            await using var copy = await Store.FindAsync(Bucket, "key", default);
            return isAwaited(copy);
        },
        "The copy is not what is awaited.");
}
