using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

public sealed class BucketStateTests : StoreTestBase
{
    private static readonly BucketState Nothing = new(false, false);
    private static readonly BucketState Made = new(true, false);
    private static readonly BucketState Deleted = new(false, true);
    private static readonly BucketState MadeAnew = new(true, true);

    [Fact, Trait("Rule", "B4")]
    public async Task A_bucket_is_created_deleted_and_recreated_under_its_tombstone()
    {
        Assert.Equal(Nothing, await One.State.ResolveBucketAsync("bucket", default));
        await One.State.EnsureBucketAsync("bucket", default);
        Assert.Equal(Made, await One.State.ResolveBucketAsync("bucket", default));
        await One.State.DeleteBucketAsync("bucket", default);
        Assert.Equal(Deleted, await One.State.ResolveBucketAsync("bucket", default));
        await One.State.EnsureBucketAsync("bucket", default);
        Assert.Equal(MadeAnew, await One.State.ResolveBucketAsync("bucket", default));
        Assert.Equal(MadeAnew, await Fresh().State.ResolveBucketAsync("bucket", default));
        await One.State.DeleteBucketAsync("bucket", default);
        Assert.Equal(Deleted, await Fresh().State.ResolveBucketAsync("bucket", default));
        await One.State.DeleteBucketAsync("remote-only", default);
        Assert.Equal(Deleted, await Fresh().State.ResolveBucketAsync("remote-only", default));
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_bucket_that_is_not_empty_stays_and_gets_no_mark()
    {
        await One.State.EnsureBucketAsync("bucket", default);
        await One.WriteAsync("bucket", "a");
        var refused = await Assert.ThrowsAsync<S3Exception>(() => One.State.DeleteBucketAsync("bucket", default).AsTask());
        Assert.Equal("BucketNotEmpty", refused.Error.Code);
        Assert.Equal(Made, await Fresh().State.ResolveBucketAsync("bucket", default));
    }

    [Fact]
    public async Task Concurrent_callers_share_one_request()
    {
        foreach (var proxies in (int[])[1, 2])
        {
            // A clock that does not move. With two proxies, a response is valid for one second.
            var proxy = Fresh(proxies, new SkippingTimeProvider(new ManualTimeProvider()));
            Store.ForgetCalls();
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => proxy.State.ResolveBucketAsync("bucket", default).AsTask()));
            Assert.Equal(2, Store.Calls.Count);
        }
    }

    [Fact]
    public async Task Many_who_need_a_bucket_make_it_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => One.State.EnsureBucketAsync("bucket", default).AsTask()));
        Assert.Single(Store.Calls, call => call.Method == "PUT");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Fresh().State.EnsureBucketAsync("shared", default).AsTask()));
        Assert.Equal(Made, await Other.State.ResolveBucketAsync("shared", default));
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_end_the_wait_of_others()
    {
        var first = new TaskCompletionSource();
        Store.Before = _ => first.Task;
        using var left = new CancellationTokenSource();
        var leaving = One.State.EnsureBucketAsync("bucket", left.Token).AsTask();
        var staying = One.State.EnsureBucketAsync("bucket", default).AsTask();
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Store.Before = null;
        first.SetResult();
        await staying;
        Assert.Equal(Made, await One.State.ResolveBucketAsync("bucket", default));
    }

    [Theory]
    [InlineData(1, 59.9, 60.1)]
    [InlineData(2, 0.9, 1.1)]
    public async Task What_is_known_is_trusted_for_so_long_and_no_longer(int proxies, double trusted, double asked)
    {
        var time = new ManualTimeProvider();
        var proxy = new StoreProxy(Store.Endpoint, proxies, time: new SkippingTimeProvider(time));
        Assert.Equal(Nothing, await proxy.State.ResolveBucketAsync("bucket", default));
        await Other.State.EnsureBucketAsync("bucket", default);
        time.Advance(TimeSpan.FromSeconds(trusted));
        Assert.Equal(Nothing, await proxy.State.ResolveBucketAsync("bucket", default));
        proxy.State.ForgetBucket("bucket");
        Assert.Equal(Made, await proxy.State.ResolveBucketAsync("bucket", default));
        await Other.State.DeleteBucketAsync("bucket", default);
        time.Advance(TimeSpan.FromSeconds(asked));
        Assert.Equal(Deleted, await proxy.State.ResolveBucketAsync("bucket", default));
        proxy.Dispose();
    }

    /// <summary>A response to a request from before a change must not be remembered after it.</summary>
    [Fact]
    public async Task A_local_change_shows_at_once_even_during_a_request()
    {
        var proxy = Fresh(1);
        BucketState seen = default;
        await StoreSteps.SweepAsync(
            Store,
            async run => await proxy.State.ResolveBucketAsync($"bucket-{run}", default),
            async run =>
            {
                await proxy.State.DeleteBucketAsync($"bucket-{run}", default);
                seen = await proxy.State.ResolveBucketAsync($"bucket-{run}", default);
            },
            async run =>
            {
                Assert.Equal(Deleted, seen);
                Assert.Equal(Deleted, await proxy.State.ResolveBucketAsync($"bucket-{run}", default));
            });
    }

    [Fact, Trait("Rule", "B4")]
    public async Task Two_proxies_that_delete_a_bucket_both_succeed()
    {
        var steps = await StoreSteps.SweepAsync(
            Store,
            async run =>
            {
                await Unswept(() => One.State.EnsureBucketAsync($"bucket-{run}", default).AsTask());
                await One.State.DeleteBucketAsync($"bucket-{run}", default);
            },
            run => Other.State.DeleteBucketAsync($"bucket-{run}", default).AsTask(),
            async run => Assert.Equal(Deleted, await Fresh().State.ResolveBucketAsync($"bucket-{run}", default)));
        Assert.True(steps >= 4, $"{steps}");
    }

    /// <summary>Whichever proxy deletes it first: a tombstone that one has confirmed is not rolled back by the other.</summary>
    [Fact, Trait("Rule", "B4")]
    public async Task A_delete_that_finds_an_object_does_not_undo_one_that_did_not()
    {
        await StoreSteps.SweepAsync(
            Store,
            async run =>
            {
                await Unswept(async () =>
                {
                    await One.State.EnsureBucketAsync($"bucket-{run}", default);
                    await One.WriteAsync($"bucket-{run}", "a");
                });
                await Record.ExceptionAsync(() => One.State.DeleteBucketAsync($"bucket-{run}", default).AsTask());
            },
            async run =>
            {
                await Other.Calls.DeleteAsync($"bucket-{run}", "a", default);
                await Other.State.DeleteBucketAsync($"bucket-{run}", default);
            },
            async run => Assert.Equal(Deleted, await Fresh().State.ResolveBucketAsync($"bucket-{run}", default)));
    }

    [Fact, Trait("Rule", "C3")]
    public async Task An_object_acknowledged_while_its_bucket_is_deleted_is_there()
    {
        await StoreSteps.SweepAsync(
            Store,
            async run =>
            {
                await Unswept(() => One.State.EnsureBucketAsync($"bucket-{run}", default).AsTask());
                var failure = await Record.ExceptionAsync(() => One.State.DeleteBucketAsync($"bucket-{run}", default).AsTask());
                Assert.True(failure is null or S3Exception { Error.Code: "BucketNotEmpty" });
            },
            async run =>
            {
                await Other.State.EnsureBucketAsync($"bucket-{run}", default);
                await Other.WriteAsync($"bucket-{run}", "a");
            },
            async run =>
            {
                var fresh = Fresh();
                Assert.True((await fresh.State.ResolveBucketAsync($"bucket-{run}", default)).Exists);
                Assert.Equal(KeyState.Written, await fresh.State.ResolveAsync($"bucket-{run}", "a", default));
            });
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_deletion_killed_at_any_call_shows_no_deleted_key_and_can_be_done_again()
    {
        var steps = await StoreSteps.KillAsync(
            Store,
            async run =>
            {
                await One.State.EnsureBucketAsync($"bucket-{run}", default);
                await One.State.MarkDeletedAsync($"bucket-{run}", "remote", default);
            },
            (run, dead) => DyingAsync(proxy => proxy.State.DeleteBucketAsync($"bucket-{run}", dead).AsTask()),
            async run =>
            {
                var next = Fresh();
                var state = await next.State.ResolveBucketAsync($"bucket-{run}", default);
                Assert.True(state.IsOpaque || await next.State.ResolveAsync($"bucket-{run}", "remote", default) == KeyState.Deleted);
                Assert.False(state.IsOpaque && state.Exists);
                await next.State.DeleteBucketAsync($"bucket-{run}", default);
                Assert.Equal(Deleted, await next.State.ResolveBucketAsync($"bucket-{run}", default));
            });
        Assert.True(steps >= 4, $"{steps}");
    }

    [Fact, Trait("Rule", "B2")]
    public async Task Creating_a_bucket_killed_at_any_call_keeps_its_tombstone_and_can_be_repeated()
    {
        var steps = await StoreSteps.KillAsync(
            Store,
            async run => await One.State.DeleteBucketAsync($"bucket-{run}", default),
            (run, dead) => DyingAsync(proxy => proxy.State.EnsureBucketAsync($"bucket-{run}", dead).AsTask()),
            async run =>
            {
                var next = Fresh();
                Assert.True((await next.State.ResolveBucketAsync($"bucket-{run}", default)).IsOpaque);
                await next.State.EnsureBucketAsync($"bucket-{run}", default);
                Assert.Equal(MadeAnew, await next.State.ResolveBucketAsync($"bucket-{run}", default));
            });
        Assert.True(steps >= 4, $"{steps}");
    }

    [Fact, Trait("Rule", "B4")]
    public async Task A_client_that_disconnects_during_a_deletion_does_not_stop_it()
    {
        await One.State.EnsureBucketAsync("bucket", default);
        using var left = new CancellationTokenSource();
        Store.Before = async call =>
        {
            if (call.Method == "PUT")
            {
                await left.CancelAsync();
            }
        };
        await One.State.DeleteBucketAsync("bucket", left.Token);
        Store.Before = null;
        Assert.Equal(Deleted, await One.State.ResolveBucketAsync("bucket", default));
    }

    [Fact, Trait("Rule", "T5")]
    public async Task Buckets_are_listed_without_the_overlays_own()
    {
        await One.State.EnsureBucketAsync("bucket-b", default);
        await One.State.EnsureBucketAsync("bucket-a", default);
        await One.State.DeleteBucketAsync("bucket-c", default);
        var buckets = await Other.State.ListBucketsAsync(default);
        Assert.Equal(["bucket-a", "bucket-b"], buckets.Select(bucket => bucket.Name));
        Assert.All(buckets,
            bucket => Assert.InRange(bucket.Created, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5)));
    }

    [Fact, Trait("Rule", "B2")]
    public async Task A_bucket_is_made_where_the_settings_say()
    {
        using var proxy = new StoreProxy(Store.Endpoint, location: "eu-central-1");
        await proxy.State.EnsureBucketAsync("bucket", default);
        using var s3 = S3Clients.Create(Store.Endpoint);
        Assert.Equal("eu-central-1", (await s3.GetBucketLocationAsync("bucket")).Location.Value);
        await proxy.State.MarkDeletedAsync("bucket", "a", default);
        Assert.Equal("eu-central-1", (await s3.GetBucketLocationAsync(proxy.Store.CacheBucket)).Location.Value);
    }

    /// <summary>A clock for what is remembered, and the system's timers for what waits.</summary>
    private sealed class SkippingTimeProvider(TimeProvider clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();
    }

    private async Task Unswept(Func<Task> preparation)
    {
        var (before, after) = (Store.Before, Store.After);
        (Store.Before, Store.After) = (null, null);
        await preparation();
        (Store.Before, Store.After) = (before, after);
    }
}
