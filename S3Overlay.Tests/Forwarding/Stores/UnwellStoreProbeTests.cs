using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>The probe of a store that is unhealthy or cannot be reached: that is not taken for missing features.</summary>
[Trait("Rule", "F"), Trait("Rule", "W3")]
public sealed class UnwellStoreProbeTests : StoreProbeTestBase
{
    [Fact]
    public async Task An_unreachable_store_is_probed_later_or_by_the_first_request_that_needs_it()
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

    /// <summary>A failure during the probe, such as overload or a lost connection, must not count as a missing feature.</summary>
    [Fact]
    public async Task A_store_that_fails_during_the_probe_is_not_judged()
    {
        var whole = await CountAsync();
        foreach (var good in Sweep.Of(whole, 4))
        {
            var calls = 0;
            Store.Refuse = _ => Interlocked.Increment(ref calls) > good ? 503 : null;
            await using var probe = Probe(Fresh());
            await Record.ExceptionAsync(() => probe.FindAsync(default).AsTask());
            Store.Refuse = null;
            Assert.True(probe.Known is null or { AreAll: true });
        }
    }

    /// <summary>
    /// It is tried again every few seconds for as long as the store is overloaded: what each of them left would be there for good.
    /// </summary>
    [Fact, Trait("Rule", "T3")]
    public async Task A_probe_that_ends_early_leaves_nothing()
    {
        var whole = await CountAsync();
        foreach (var good in Sweep.Of(whole, 4))
        {
            var calls = 0;
            Store.Refuse = request => Interlocked.Increment(ref calls) > good && request.Method != "DELETE" ? 503 : null;
            await using var probe = Probe(Fresh());
            await Record.ExceptionAsync(() => probe.FindAsync(default).AsTask());
            Store.Refuse = null;
            foreach (var (query, left) in ((string, string)[])[("uploads=", "<Upload>"), ("list-type=2&prefix=p%2F", "<Key>")])
            {
                using var response = await One.Calls.SendAsync(new WireRequest("GET", One.Store.CacheBucket, "", query), default);
                Assert.True(response.Status is 200 or 404, $"{response.Status}");
                var text = System.Text.Encoding.UTF8.GetString(await One.Calls.ReadAsync(response, 1 << 20, default));
                Assert.False(text.Contains(left, StringComparison.Ordinal), $"After {good} calls: {text}");
            }
        }
    }

    /// <summary>
    /// An error of the store may concern the request or the store itself. It shows what a store lacks only if the store works
    /// otherwise.
    /// </summary>
    [Theory]
    [InlineData(5)]
    [InlineData(15)]
    public async Task A_store_that_returns_500_for_a_while_is_not_judged_by_it(int failing)
    {
        var whole = await CountAsync();
        foreach (var good in Sweep.Of(whole, 4))
        {
            var calls = 0;
            Store.Refuse = _ => Interlocked.Increment(ref calls) is var call && call > good && call <= good + failing ? 500 : null;
            await using var probe = Probe(Fresh());
            await Record.ExceptionAsync(() => probe.FindAsync(default).AsTask());
            Store.Refuse = null;
            AssertAll(probe.Capabilities, $"After {good} calls, and {failing} that failed");
        }
    }

    /// <summary>A call that took effect is refused when it is repeated after a lost response or an error.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_with_one_lost_or_failed_response_is_still_known(bool isLost)
    {
        var whole = await CountAsync();
        foreach (var good in Sweep.Of(whole, 4))
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
    [Fact]
    public async Task A_lost_response_that_left_another_etag_says_nothing_about_conditions()
    {
        var lost = 0;
        Store.Dress = context =>
        {
            if (context.Request.Method == "PUT" && context.Request.Headers.IfMatch.Count > 0
                && context.Request.Headers["x-amz-copy-source"].Count == 0 && context.Response.StatusCode == 200)
            {
                lost++;
            }
        };
        Store.After = async call =>
        {
            if (lost == 1 && call is { Method: "PUT", Status: 200 })
            {
                lost++;
                await One.Store.PutAsync(call.Path[(One.Store.CacheBucket.Length + 2)..], WireBody.Of("of another ETag"u8.ToArray()),
                    default);
                throw new IOException();
            }
        };
        await using var probe = Probe(Fresh());
        await probe.FindAsync(default);
        Assert.True(lost > 1);
        AssertAll(probe.Capabilities, "An answer is lost, and the ETag is another");
    }

    /// <summary>Three times, a little later each time: a start waits for it, and conditional writes do.</summary>
    [Fact]
    public async Task What_a_store_has_500_for_is_soon_known()
    {
        string[] headers = ["If-None-Match", "If-Match", "x-amz-trailer", "x-amz-checksum-crc32"];
        Store.Refuse = request => headers.Any(request.Headers.ContainsKey) || request.Query.ContainsKey("attributes") ? 500 : null;
        var found = await FindAsync();
        Assert.True(found is { Conditions: { PutsIfNew: false, PutsIfMatch: false, DeletesIfMatch: false, CompletesIfNew: false,
            CompletesIfMatch: false, CopiesIfNew: false, CopiesIfMatch: false } }, found.ToString());
        Assert.Equal((false, false, false), (found.TakesTrailers, found.ChecksChecksums, found.HasAttributes));

        // Frames with and without their name, three writes, a complete, a copy, a delete, a checksum, attributes.
        Assert.Equal(9 * 3, Store.Calls.Count(static call => call.Status == 500));
    }

    private static void AssertAll(StoreCapabilities? found, string when) => Assert.True(
        found is null or
            { Conditions: { PutsIfNew: true, PutsIfMatch: true, DeletesIfMatch: true, CompletesIfNew: true, CompletesIfMatch: true,
            CopiesIfNew: true, CopiesIfMatch: true }, ChecksChecksums: true, TakesTrailers: true, NeedsChunkedEncoding: false,
            HasAttributes: true, HasVersions: true },
        $"{when}: {found}");

    private async Task<int> CountAsync()
    {
        await FindAsync();
        Store.ForgetCalls();
        await FindAsync();
        return Store.Calls.Count;
    }
}
