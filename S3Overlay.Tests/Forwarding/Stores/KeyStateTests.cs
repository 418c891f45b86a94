using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

public sealed class KeyStateTests : StoreTestBase
{
    [Fact]
    public async Task What_a_key_is_costs_one_call_where_it_is_written_and_two_otherwise()
    {
        await One.State.EnsureBucketAsync("bucket", default);
        await One.WriteAsync("bucket", "written");
        await One.State.MarkDeletedAsync("bucket", "written", default);
        await One.State.MarkDeletedAsync("bucket", "deleted", default);
        await CostsAsync(1, KeyState.Written, "bucket", "written");
        await CostsAsync(2, KeyState.Deleted, "bucket", "deleted");
        await CostsAsync(2, KeyState.Nothing, "bucket", "nothing");
        await CostsAsync(2, KeyState.Nothing, "no-such-bucket", "nothing");

        Store.ForgetCalls();
        Assert.True(await One.State.IsDeletedAsync("bucket", "deleted", default));
        Assert.Single(Store.Calls);
        Assert.False(await One.State.IsDeletedAsync("bucket", "nothing", default));
        Assert.Equal(2, Store.Calls.Count);
    }

    [Fact]
    public async Task Marking_costs_one_call_once_the_cache_bucket_is_there_and_twice_is_no_error()
    {
        await One.State.MarkDeletedAsync("bucket", "a", default);
        Store.ForgetCalls();
        await One.State.MarkDeletedAsync("bucket", "a", default);
        Assert.Single(Store.Calls);
    }

    [Fact]
    public async Task Nothing_is_deleted_before_anything_was() => Assert
        .Equal(KeyState.Nothing, await One.State.ResolveAsync("bucket", "a", default));

    [Theory]
    [MemberData(nameof(AwkwardKeys.Indexes), MemberType = typeof(AwkwardKeys))]
    public async Task Any_key_can_be_deleted_and_only_that(int index)
    {
        var key = AwkwardKeys.All[index];
        await One.State.MarkDeletedAsync("bucket", key, default);
        Assert.Equal(KeyState.Deleted, await Other.State.ResolveAsync("bucket", key, default));
        Assert.Equal([key], await ToListAsync(Other.State.ListDeletedAsync("bucket", "", "", default)));
        Assert.Equal(KeyState.Nothing, await Other.State.ResolveAsync("bucket-2", key, default));
    }

    /// <summary>
    /// The key was written here. During its delete, a reader sees it written or deleted, and never as if the remote's showed.
    /// </summary>
    [Fact, Trait("Rule", "C3")]
    public async Task Deleting_never_lets_the_remote_show_through()
    {
        var seen = KeyState.Nothing;
        var steps = await StoreSteps.SweepAsync(
            Store,
            async run =>
            {
                await PauseFor(async () =>
                {
                    await One.State.EnsureBucketAsync("bucket", default);
                    await One.WriteAsync("bucket", $"k{run}");
                });
                await One.DeleteAsync("bucket", $"k{run}");
            },
            async run => seen = await Other.State.ResolveAsync("bucket", $"k{run}", default),
            async run =>
            {
                Assert.NotEqual(KeyState.Nothing, seen);
                Assert.Equal(KeyState.Deleted, await Other.State.ResolveAsync("bucket", $"k{run}", default));
            });
        Assert.True(steps >= 4);
    }

    [Fact, Trait("Rule", "C3")]
    public async Task Looking_never_sees_the_remote_through_a_delete_that_comes_between() => Assert.True(await LookWhileAsync(
        before: key => One.WriteAsync("bucket", key),
        meanwhile: key => One.DeleteAsync("bucket", key),
        after: async key => Assert.Equal(KeyState.Deleted, await Fresh().State.ResolveAsync("bucket", key, default))) >= 2);

    [Fact, Trait("Rule", "C3")]
    public async Task Writing_over_a_tombstone_outranks_it_whenever_it_comes() => await LookWhileAsync(
        before: key => One.DeleteAsync("bucket", key),
        meanwhile: key => One.WriteAsync("bucket", key),
        after: async key => Assert.Equal(KeyState.Written, await Other.State.ResolveAsync("bucket", key, default)));

    [Fact, Trait("Rule", "D1")]
    public async Task A_delete_killed_at_any_call_is_done_or_not_and_can_be_done_again()
    {
        var steps = await StoreSteps.KillAsync(
            Store,
            async run =>
            {
                // The cache bucket is made on the way as well.
                await ToListAsync(One.State.ListDeletedAsync("bucket", "", "", default));
                await EmptyCacheBucketAsync();
                await One.State.EnsureBucketAsync("bucket", default);
                await One.WriteAsync("bucket", $"k{run}");
            },
            (run, dead) => DyingAsync(proxy => proxy.DeleteAsync("bucket", $"k{run}", dead)),
            async run =>
            {
                var next = Fresh();
                Assert.NotEqual(KeyState.Nothing, await next.State.ResolveAsync("bucket", $"k{run}", default));
                await next.DeleteAsync("bucket", $"k{run}");
                Assert.Equal(KeyState.Deleted, await next.State.ResolveAsync("bucket", $"k{run}", default));
            });
        Assert.True(steps >= 8, $"{steps}");
    }

    [Theory, Trait("Rule", "F")]
    [InlineData("500")]
    [InlineData("503")]
    [InlineData("cut")]
    [InlineData("hanging")]
    public async Task A_failing_store_is_a_503_and_is_asked_again_once_it_is_back(string how)
    {
        var one = how == "hanging" ? Hasty() : One;
        await One.State.MarkDeletedAsync("bucket", "a", default);
        Store.Refuse = how switch { "500" => _ => 500, "503" => _ => 503, _ => null };
        Store.Before = how switch { "cut" => _ => throw new IOException(), "hanging" => _ => Task.Delay(-1), _ => null };
        one.State.ForgetBucket("bucket");
        await UnavailableAsync(() => one.State.ResolveAsync("bucket", "a", default).AsTask());
        await UnavailableAsync(() => one.State.MarkDeletedAsync("bucket", "b", default).AsTask());
        await UnavailableAsync(() => one.State.ResolveBucketAsync("bucket", default).AsTask());
        await UnavailableAsync(() => ToListAsync(one.State.ListDeletedAsync("bucket", "", "", default)));
        await UnavailableAsync(() => one.State.ListBucketsAsync(default).AsTask());
        await UnavailableAsync(() => one.State.ListWritten("bucket", new("", "", Proxy.Protocol.Listings.ListingPosition.Start, 10))
            .NextAsync(default).AsTask());
        (Store.Refuse, Store.Before) = (null, null);
        Assert.Equal(KeyState.Deleted, await AnsweredAsync(() => one.State.ResolveAsync("bucket", "a", default)));
        Assert.Equal(default, await AnsweredAsync(() => one.State.ResolveBucketAsync("bucket", default)));
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_request_that_fails_once_is_retried()
    {
        await One.State.MarkDeletedAsync("bucket", "a", default);
        var calls = 0;
        Store.Refuse = _ => ++calls % 3 == 0 ? null : 503;
        Assert.Equal(KeyState.Deleted, await One.State.ResolveAsync("bucket", "a", default));
        await One.State.MarkDeletedAsync("bucket", "b", default);
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_store_that_is_not_there_is_a_503()
    {
        using var nobody = new StoreProxy(new Uri("http://127.0.0.1:1"), time: new HurriedTimeProvider(20));
        await UnavailableAsync(() => nobody.State.ResolveAsync("bucket", "a", default).AsTask());
    }

    /// <summary>A proxy that soon gives up waiting for the store.</summary>
    private StoreProxy Hasty() => Fresh(deadline: TimeSpan.FromSeconds(10));

    /// <summary>
    /// The response of a store that is back: on a busy machine a proxy with a short time limit may need several attempts.
    /// </summary>
    private static async Task<T> AnsweredAsync<T>(Func<ValueTask<T>> ask)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            try
            {
                return await ask();
            }
            catch (S3Exception) when (waited.Elapsed < Patience.Limit)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task UnavailableAsync(Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<S3Exception>(call);
        Assert.Equal(503, failure.Error.Status);
        Assert.Contains(failure.Headers, header => header.Key == "Retry-After");
    }

    private async Task CostsAsync(int calls, KeyState expected, string bucket, string key)
    {
        Store.ForgetCalls();
        Assert.Equal(expected, await One.State.ResolveAsync(bucket, key, default));
        Assert.Equal(calls, Store.Calls.Count);
        Assert.All(Store.Calls, call => Assert.Equal("HEAD", call.Method));
    }

    /// <summary>
    /// Looks up a key while it changes between any two calls of the lookup. The lookup never sees the remote.
    /// </summary>
    private Task<int> LookWhileAsync(Func<string, Task> before, Func<string, Task> meanwhile, Func<string, Task> after)
    {
        var seen = KeyState.Nothing;
        return StoreSteps.SweepAsync(
            Store,
            async run =>
            {
                await PauseFor(async () =>
                {
                    await One.State.EnsureBucketAsync("bucket", default);
                    await before($"k{run}");
                });
                seen = await Other.State.ResolveAsync("bucket", $"k{run}", default);
            },
            run => meanwhile($"k{run}"),
            run =>
            {
                Assert.NotEqual(KeyState.Nothing, seen);
                return after($"k{run}");
            });
    }

    /// <summary>Does something that is not part of what a sweep steps through.</summary>
    private async Task PauseFor(Func<Task> preparation)
    {
        var (before, after) = (Store.Before, Store.After);
        (Store.Before, Store.After) = (null, null);
        await preparation();
        (Store.Before, Store.After) = (before, after);
    }

    private async Task EmptyCacheBucketAsync()
    {
        var cache = One.Store.CacheBucket;
        await foreach (var row in One.Calls.ListAsync(cache, "", "", 1000, default))
        {
            await One.Calls.DeleteAsync(cache, row.Name, default);
        }

        await One.Store.Buckets.DeleteAsync(cache, default);
    }
}
