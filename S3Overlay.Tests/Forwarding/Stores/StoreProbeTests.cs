using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>The probe of a store: what it finds, where it runs, and that it leaves nothing behind.</summary>
[Trait("Rule", "W3")]
public sealed class StoreProbeTests : StoreProbeTestBase
{
    [Fact]
    public async Task A_store_that_can_do_everything_is_known_to_and_keeps_nothing_of_the_trial()
    {
        await using var probe = Probe(One);
        await probe.StartAsync(default);
        var found = probe.Capabilities!;
        Assert.Equal((true, true, true), (found.Conditions.PutsIfNew, found.Conditions.PutsIfMatch, found.Conditions.DeletesIfMatch));
        Assert.Equal((true, true, true, true), (found.Conditions.CompletesIfNew, found.Conditions.CompletesIfMatch,
            found.Conditions.CopiesIfNew, found.Conditions.CopiesIfMatch));
        Assert.Equal((true, true, false), (found.ChecksChecksums, found.TakesTrailers, found.NeedsChunkedEncoding));
        Assert.True(found.HasAttributes);
        Assert.Contains("attributes yes", found.ToString(), StringComparison.Ordinal);
        Assert.True(probe.Known!.AreAll);
        Assert.DoesNotContain(Store.Calls, call => (call.Status is 0 or >= 500 and not 501)
            && !call.Path.EndsWith("/cut", StringComparison.Ordinal));
        Store.ForgetCalls();
        Assert.Same(found, await probe.FindAsync(default));
        Assert.Empty(Store.Calls);
        await foreach (var row in One.Calls.ListAsync(One.Store.CacheBucket, "", "", 1000, default))
        {
            Assert.Fail($"{row.Name} is left behind.");
        }
    }

    /// <summary>A refusal says nothing about the abilities of the store: it may concern only the cache bucket.</summary>
    [Theory]
    [InlineData(403, true)]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(501, false)]
    [Trait("Rule", "R8")]
    public async Task Attributes_that_are_refused_are_not_known_to_be_lacking(int status, bool has)
    {
        Store.Refuse = request => request.Query.ContainsKey("attributes") ? status : null;
        Assert.Equal(has, (await FindAsync()).HasAttributes);
    }

    /// <summary>Each start of each proxy deletes what it put and nothing else.</summary>
    [Fact]
    public async Task What_was_put_is_taken_away_once()
    {
        await FindAsync();

        // But for what was cut: nothing of it stays in this store.
        var there = new HashSet<string>();
        foreach (var call in Store.Calls.Where(static call => call is { Query: "", Status: < 300 }
            && !call.Path.EndsWith("/cut", StringComparison.Ordinal) && call.Path.Count(static c => c == '/') > 2))
        {
            if (call.Method == "PUT")
            {
                there.Add(call.Path);
            }
            else if (call.Method == "DELETE")
            {
                Assert.True(there.Remove(call.Path), $"{call.Path} is not there to be deleted.");
            }
        }

        Assert.Empty(there);
    }

    [CephFact]
    public async Task Ceph_is_found_to_be_what_it_is_and_keeps_the_state()
    {
        using var folder = new TemporaryFolder();
        await using var ceph = await CephGateway.StartAsync(folder.Path);
        var endpoint = new Uri($"http://127.0.0.1:{ceph.Port}");
        using var one = new StoreProxy(endpoint, accessKey: CephGateway.AccessKey, secretKey: CephGateway.SecretKey);
        using var other = new StoreProxy(endpoint, accessKey: CephGateway.AccessKey, secretKey: CephGateway.SecretKey);
        await using var probe = new StoreProbe(one.Store, keepsBucket: true, NullLogger.Instance);
        await probe.StartAsync(default);
        var found = await probe.FindAsync(default);
        Assert.True(found is { Conditions.PutsIfNew: true, Conditions.PutsIfMatch: false }, found.ToString());
        Assert.True(found.HasVersions, found.ToString());

        foreach (var key in Contract.AwkwardKeys.All)
        {
            await one.State.MarkDeletedAsync("bucket", key, default);
            Assert.Equal(KeyState.Deleted, await other.State.ResolveAsync("bucket", key, default));
        }

        var listed = await ToListAsync(other.State.ListDeletedAsync("bucket", "", "", default));
        Assert.Equal(Contract.AwkwardKeys.InListingOrder, listed);
        await one.State.EnsureBucketAsync("bucket", default);
        await one.WriteAsync("bucket", "a");
        Assert.Equal(KeyState.Written, await other.State.ResolveAsync("bucket", "a", default));
        Assert.Equal("BucketNotEmpty",
            (await Assert.ThrowsAsync<S3Exception>(() => one.State.DeleteBucketAsync("bucket", default).AsTask())).Error.Code);
        await one.DeleteAsync("bucket", "a");
        await one.State.DeleteBucketAsync("bucket", default);
        other.State.ForgetBucket("bucket");
        Assert.Equal(new BucketState(false, true), await other.State.ResolveBucketAsync("bucket", default));
        Assert.Empty(await other.State.ListBucketsAsync(default));
    }

    [Fact]
    [Trait("Rule", "T3")]
    public async Task Without_an_overlay_nothing_is_left_in_the_store()
    {
        var store = new LocalStore(One.Calls, One.Store.Settings with { CacheBucket = StoreProbe.NewBucketName() },
            new HurriedTimeProvider(20));
        await using var probe = new StoreProbe(store, keepsBucket: false, NullLogger.Instance);

        Assert.True((await probe.FindAsync(default)).TakesTrailers);
        Assert.Empty(await One.State.ListBucketsAsync(default));
    }

    [Theory]
    [Trait("Rule", "T3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_no_bucket_can_be_made_the_one_that_is_there_is_used_and_stays(bool isThere)
    {
        var cache = One.Store.CacheBucket;
        if (isThere)
        {
            await One.Store.Buckets.CreateAsync(cache, default);
        }

        Store.Fail = request => request.Method == "PUT" && request.Path.Value!.StartsWith("/s3overlay-probe-", StringComparison.Ordinal)
            ? (403, "AccessDenied") : null;
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        var own = new LocalStore(One.Calls, One.Store.Settings with { CacheBucket = StoreProbe.NewBucketName() }, time);
        var log = new EventLogger();
        await using var probe = new StoreProbe(own, keepsBucket: false, log, One.Store);
        await probe.StartAsync(default);

        Assert.Equal(isThere, probe.Capabilities is { TakesTrailers: true });
        Assert.Equal(isThere, await One.Calls.ExistsAsync(cache, "", default));
        Assert.Equal(isThere ? ["StoreProbed"] : ["StoreNotProbed"], log.Names);
        await foreach (var row in One.Calls.ListAsync(cache, "", "", 1000, default))
        {
            Assert.Fail($"{row.Name} is left behind.");
        }
    }
}
