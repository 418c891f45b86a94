using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Forwarding.Stores;

[Trait("Rule", "W3")]
public sealed class StoreProbeTests : StoreTestBase
{
    [Fact]
    public async Task A_store_that_can_do_everything_is_known_to_and_keeps_nothing_of_the_trial()
    {
        await using var probe = Probe(One);
        await probe.StartAsync(default);
        var found = probe.Capabilities!;
        Assert.Equal((true, true, true, true, true), (found.PutsIfNew, found.PutsIfMatch, found.DeletesIfMatch, found.CompletesIf, found.CopiesIf));
        Assert.Equal((true, true, false), (found.ChecksChecksums, found.TakesTrailers, found.NeedsChunkedEncoding));
        Assert.True(found.HasAttributes);
        Assert.Contains("attributes yes", found.ToString(), StringComparison.Ordinal);
        Assert.True(probe.Known!.AreAll);
        Assert.DoesNotContain(Store.Calls, call => (call.Status is 0 or >= 500 and not 501) && !call.Path.EndsWith("/cut", StringComparison.Ordinal));
        Store.ForgetCalls();
        Assert.Same(found, await probe.FindAsync(default));
        Assert.Empty(Store.Calls);
        await foreach (var row in One.Calls.ListAsync(One.Store.Cache.Name, "", "", 1000, default))
        {
            Assert.Fail($"{row.Name} is left behind.");
        }
    }

    /// <summary>A refusal says nothing of what the store knows: it may be of the cache's bucket alone.</summary>
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

    [Theory]
    [InlineData("ignored")]
    [InlineData("501")]
    [InlineData("500")]
    [InlineData("right refused")]
    public async Task A_condition_that_is_not_honoured_is_known_not_to_be(string how)
    {
        void Lack(string header)
        {
            Store.Alter = how == "ignored" ? request => request.Headers.Remove(header) : null;
            Store.Refuse = how switch
            {
                "501" => request => request.Headers.ContainsKey(header) ? 501 : null,
                "500" => request => request.Headers.ContainsKey(header) ? 500 : null,
                "right refused" => request => request.Headers.ContainsKey(header) ? 412 : null,
                _ => null,
            };
        }

        Lack("If-None-Match");
        var found = await FindAsync();
        Assert.Equal((false, true, true), (found.PutsIfNew, found.PutsIfMatch, found.DeletesIfMatch));
        Assert.Equal(how == "right refused", found.CompletesIf && found.CopiesIf);
        Lack("If-Match");
        found = await FindAsync();
        Assert.Equal((true, false, false), (found.PutsIfNew, found.PutsIfMatch, found.DeletesIfMatch));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whether_keys_are_kept_to_conditional_writes_is_known(bool keeps)
    {
        using var keeping = keeps ? new KeepingStore(Store) : null;
        var found = await FindAsync();
        Assert.Equal((keeps, true), (found.KeepsKeys, found.PutsIfNew));
        Assert.Contains("keys kept to conditional writes " + (keeps ? "yes" : "no"), found.ToString(), StringComparison.Ordinal);
    }

    /// <summary>What holds when a write begins may hold no longer when it is done: then two writers of a new key are both told that they made it, and the bytes of one are lost.</summary>
    [Fact]
    public async Task Conditions_that_are_judged_before_the_body_alone_are_not_relied_upon()
    {
        _ = new EarlyJudge(Store);
        var found = await FindAsync();
        Assert.Equal((false, false, false, false, false), (found.TakesOneAlone, found.PutsIfNew, found.PutsIfMatch, found.CompletesIf, found.CopiesIf));
        Assert.True(found.DeletesIfMatch);
    }

    /// <summary>The other write of the two would come after the first, and be refused, though not for what the first has written.</summary>
    [Fact]
    public async Task Nor_are_they_where_the_store_is_slow()
    {
        _ = new EarlyJudge(Store);
        var puts = new ConcurrentDictionary<string, int>();
        var (isSeenElsewhere, isDone) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Store.Before = async call =>
        {
            if (call.Method == "PUT" && call.Path.EndsWith("/elsewhere", StringComparison.Ordinal))
            {
                isSeenElsewhere.TrySetResult();
                await isDone.Task;
            }
            else if (call.Method == "PUT" && call.Path.EndsWith("/raced-If-None-Match-1", StringComparison.Ordinal) && puts.AddOrUpdate(call.Path, 1, static (_, count) => count + 1) == 2)
            {
                await Task.WhenAny(isSeenElsewhere.Task, isDone.Task);
            }
        };
        Store.After = call =>
        {
            if (call is { Method: "PUT", Query: "" } && call.Path.EndsWith("/raced-If-None-Match-1", StringComparison.Ordinal))
            {
                isDone.TrySetResult();
            }

            return Task.CompletedTask;
        };

        // It does not know the other condition: that says nothing of this one.
        Store.Refuse = request => request.Headers.IfMatch.Count > 0 && request.Method == "PUT" ? 501 : null;
        var found = await FindAsync();
        Assert.False(found.TakesOneAlone, found.ToString());
    }

    /// <summary>A delete that comes while such a write is under way would be undone by it.</summary>
    [Fact]
    public async Task If_Match_that_holds_of_nothing_is_not_relied_upon()
    {
        Store.Alter = request =>
        {
            if (request.Path.Value!.EndsWith("/absent", StringComparison.Ordinal))
            {
                request.Headers.Remove("If-Match");
            }
        };
        var found = await FindAsync();
        Assert.Equal((true, false), (found.PutsIfNew, found.PutsIfMatch));
    }

    [Fact, Trait("Rule", "W7")]
    public async Task Whether_cut_bodies_are_kept_is_known()
    {
        Assert.False((await FindAsync()).KeepsCutBodies);
        using var keeping = new CutKeeper(Store);
        Assert.True((await FindAsync()).KeepsCutBodies);
    }

    [Fact]
    public async Task Trailers_that_are_refused_are_known_not_to_be_taken()
    {
        Store.Refuse = request => request.Headers.ContainsKey("x-amz-trailer") ? 400 : null;
        Assert.False((await FindAsync()).TakesTrailers);
        Store.Refuse = request => request.Headers.ContainsKey("x-amz-checksum-crc32") ? 501 : null;
        Assert.False((await FindAsync()).ChecksChecksums);
    }

    [Theory]
    [InlineData(ChecksumHabits.Good, true, false)]
    [InlineData(ChecksumHabits.KeepsEncoding, true, false)]
    [InlineData(ChecksumHabits.NeedsEncoding, true, true)]
    [InlineData(ChecksumHabits.NeedsAndKeepsEncoding, false, false)]
    [InlineData(ChecksumHabits.NoTrailers, false, false)]
    public async Task Frames_that_leave_a_trace_are_not_used(string habit, bool takesTrailers, bool needsEncoding)
    {
        ChecksumHabits.Play(Store, habit);
        var found = await FindAsync();
        Assert.Equal((takesTrailers, needsEncoding, true), (found.TakesTrailers, found.NeedsChunkedEncoding, found.ChecksChecksums));
    }

    [Theory]
    [InlineData("AAAAAA==")]
    [InlineData("none")]
    public async Task A_store_that_takes_a_wrong_checksum_checks_none(string taken)
    {
        Store.Refuse = request => request.Headers["x-amz-checksum-crc32"] == taken ? 200 : null;
        Assert.False((await FindAsync()).ChecksChecksums);
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_store_that_is_not_reachable_is_asked_later_and_by_whoever_needs_it()
    {
        Store.Before = _ => throw new IOException();
        await using var probe = Probe(Fresh());
        await probe.StartAsync(default);
        Assert.Null(probe.Known);
        Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(() => probe.GetAsync(default).AsTask())).Error.Status);
        Store.Before = null;
        await Patience.UntilAsync(() => probe.Known is not null, "The store is not asked again.");
        Assert.True(probe.Known!.AreAll);
    }

    /// <summary>What is overloaded, or breaks off, in the midst of the trial must not pass for what it cannot do.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_store_that_fails_in_the_midst_of_it_is_not_judged()
    {
        var whole = await CountAsync();
        for (var good = 0; good < whole; good++)
        {
            var calls = 0;
            Store.Refuse = _ => Interlocked.Increment(ref calls) > good ? 503 : null;
            await using var probe = Probe(Fresh());
            await Record.ExceptionAsync(() => probe.FindAsync(default).AsTask());
            Store.Refuse = null;
            Assert.True(probe.Known is null or { AreAll: true });
        }
    }

    /// <summary>An error of the store's own may be about what was asked, or about the store: only of one that is well otherwise it says what it lacks.</summary>
    [Theory, Trait("Rule", "F")]
    [InlineData(5)]
    [InlineData(15)]
    public async Task A_store_that_answers_500_for_a_while_is_not_judged_by_it(int failing)
    {
        var whole = await CountAsync();
        for (var good = 0; good < whole; good++)
        {
            var calls = 0;
            Store.Refuse = _ => Interlocked.Increment(ref calls) is var call && call > good && call <= good + failing ? 500 : null;
            await using var probe = Probe(Fresh());
            await Record.ExceptionAsync(() => probe.FindAsync(default).AsTask());
            Store.Refuse = null;
            AssertAll(probe.Capabilities, $"After {good} calls, and {failing} that failed");
        }
    }

    /// <summary>What took effect, and is asked for once more because its answer was lost or an error, is refused then.</summary>
    [Theory, Trait("Rule", "F")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_of_which_one_answer_is_lost_or_an_error_is_known_all_the_same(bool isLost)
    {
        var whole = await CountAsync();
        for (var good = 0; good < whole; good++)
        {
            var calls = 0;
            bool IsNext() => Interlocked.Increment(ref calls) == good + 1;
            Store.After = isLost ? _ => IsNext() ? throw new IOException() : Task.CompletedTask : null;
            Store.Dress = isLost ? null : context => context.Response.StatusCode = IsNext() ? 500 : context.Response.StatusCode;
            await using var probe = Probe(Fresh());
            await probe.FindAsync(default);
            (Store.After, Store.Dress) = (null, null);
            AssertAll(probe.Capabilities, $"The answer after {good} is {(isLost ? "lost" : "an error")}");
        }
    }

    /// <summary>Ours have the same ETag as long as they have the same bytes; to some stores each write is of another.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_lost_answer_after_which_the_object_has_another_etag_says_nothing_of_conditions()
    {
        var lost = 0;
        Store.Dress = context =>
        {
            if (context.Request.Method == "PUT" && context.Request.Headers.IfMatch.Count > 0 && context.Request.Headers["x-amz-copy-source"].Count == 0 && context.Response.StatusCode == 200)
            {
                lost++;
            }
        };
        Store.After = async call =>
        {
            if (lost == 1 && call is { Method: "PUT", Status: 200 })
            {
                lost++;
                await One.Store.Cache.PutAsync(call.Path[(One.Store.Cache.Name.Length + 2)..], WireBody.Of("of another ETag"u8.ToArray()), default);
                throw new IOException();
            }
        };
        await using var probe = Probe(Fresh());
        await probe.FindAsync(default);
        Assert.True(lost > 1);
        AssertAll(probe.Capabilities, "An answer is lost, and the ETag is another");
    }

    /// <summary>That a key is there afterwards, or gone, is no answer: clients would be given that error each time.</summary>
    [Theory, Trait("Rule", "F")]
    [InlineData("PUT", "If-None-Match", 500)]
    [InlineData("PUT", "If-None-Match", 501)]
    [InlineData("PUT", "If-Match", 500)]
    [InlineData("DELETE", "If-Match", 500)]
    [InlineData("DELETE", "If-Match", 501)]
    public async Task A_store_that_does_what_it_answers_an_error_to_is_known_not_to_be_able_to(string method, string header, int status)
    {
        Store.Dress = context =>
        {
            var request = context.Request;
            if (request.Method == method && request.Headers.ContainsKey(header) && !request.Headers.ContainsKey("x-amz-copy-source") && context.Response.StatusCode < 300)
            {
                context.Response.StatusCode = status;
            }
        };
        var found = await FindAsync();
        Assert.Equal((header != "If-None-Match", (method, header) != ("PUT", "If-Match"), method != "DELETE"), (found.PutsIfNew, found.PutsIfMatch, found.DeletesIfMatch));
    }

    /// <summary>That another write of the key is under way says nothing of the condition: it may be the trial's own, of which the answer was lost.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_conflict_is_no_refusal_of_a_condition()
    {
        var conflicts = 0;
        Store.Alter = request => request.Headers.Remove("If-None-Match");
        Store.Fail = request =>
            request.Method == "PUT" && request.Headers.IfNoneMatch.Count > 0 && !request.Headers.ContainsKey("x-amz-copy-source") && Interlocked.Increment(ref conflicts) == 1
                ? (409, "OperationAborted")
                : null;
        Assert.False((await FindAsync()).PutsIfNew);
    }

    /// <summary>Three times, a little later each time: a start waits for it, and conditional writes do.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task What_a_store_has_500_for_is_soon_known()
    {
        string[] headers = ["If-None-Match", "If-Match", "x-amz-trailer", "x-amz-checksum-crc32"];
        Store.Refuse = request => headers.Any(request.Headers.ContainsKey) || request.Query.ContainsKey("attributes") ? 500 : null;
        var found = await FindAsync();
        Assert.Equal((false, false, false, false, false), (found.PutsIfNew, found.PutsIfMatch, found.DeletesIfMatch, found.CompletesIf, found.CopiesIf));
        Assert.Equal((false, false, false), (found.TakesTrailers, found.ChecksChecksums, found.HasAttributes));

        // Frames with and without their name, three writes, a complete, a copy, a delete, a checksum, attributes.
        Assert.Equal(9 * 3, Store.Calls.Count(static call => call.Status == 500));
    }

    /// <summary>Each start of each proxy takes away what it put, and asks for nothing else to be taken.</summary>
    [Fact]
    public async Task What_was_put_is_taken_away_once()
    {
        await FindAsync();

        // But for what was cut: nothing of it stays in this store.
        var there = new HashSet<string>();
        foreach (var call in Store.Calls.Where(static call => call is { Query: "", Status: < 300 } && !call.Path.EndsWith("/cut", StringComparison.Ordinal) && call.Path.Count(static c => c == '/') > 2))
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
        Assert.True(found is { PutsIfNew: true, PutsIfMatch: false }, found.ToString());
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
        Assert.Equal("BucketNotEmpty", (await Assert.ThrowsAsync<S3Exception>(() => one.State.DeleteBucketAsync("bucket", default).AsTask())).Error.Code);
        await one.DeleteAsync("bucket", "a");
        await one.State.DeleteBucketAsync("bucket", default);
        other.State.ForgetBucket("bucket");
        Assert.Equal(new BucketState(false, true), await other.State.ResolveBucketAsync("bucket", default));
        Assert.Empty(await other.State.ListBucketsAsync(default));
    }

    [Fact]
    [Trait("Rule", "T3")]
    public async Task Where_there_is_no_overlay_nothing_is_left_in_the_store()
    {
        var store = new LocalStore(One.Calls, One.Store.Settings with { CacheBucket = StoreProbe.NewBucketName() }, new HurriedTimeProvider(20));
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
        var cache = One.Store.Cache.Name;
        if (isThere)
        {
            await One.Store.Buckets.CreateAsync(cache, default);
        }

        Store.Fail = request => request.Method == "PUT" && request.Path.Value!.StartsWith("/s3overlay-probe-", StringComparison.Ordinal) ? (403, "AccessDenied") : null;
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

    private static void AssertAll(StoreCapabilities? found, string when) => Assert.True(
        found is null or { PutsIfNew: true, PutsIfMatch: true, DeletesIfMatch: true, CompletesIf: true, CopiesIf: true, ChecksChecksums: true, TakesTrailers: true, NeedsChunkedEncoding: false, HasAttributes: true, HasVersions: true },
        $"{when}: {found}");

    private static StoreProbe Probe(StoreProxy proxy) =>
        new(new LocalStore(proxy.Calls, proxy.Store.Settings, new HurriedTimeProvider(20)), keepsBucket: true, NullLogger.Instance);

    private async Task<StoreCapabilities> FindAsync()
    {
        await using var probe = Probe(One);
        return await probe.FindAsync(default);
    }

    private async Task<int> CountAsync()
    {
        await FindAsync();
        Store.ForgetCalls();
        await FindAsync();
        return Store.Calls.Count;
    }
}
