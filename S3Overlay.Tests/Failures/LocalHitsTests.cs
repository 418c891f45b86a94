using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A response that needs no remote costs the same whether the remote is up or down (rules R1, R2, table F): the same store calls, no remote
/// calls, and no waiting on the clock. The clock moves only when a test moves it.
/// </summary>
[Trait("Rule", "F")]
public sealed class LocalHitsTests
{
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private volatile string? _how;

    [Theory]
    [InlineData(false, "cut")]
    [InlineData(false, "502")]
    [InlineData(false, "hanging")]
    [InlineData(true, "cut")]
    [InlineData(true, "502")]
    [InlineData(true, "hanging")]
    public async Task A_local_hit_costs_the_same_while_the_remote_is_dead(bool isOnStore, string how)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Script = DieAsync;
        foreach (var key in (string[])["held", "deleted", "never-read"])
        {
            remote.Put("bucket", key, "of the remote"u8.ToArray());
        }

        await using var store = isOnStore ? await StoreServer.StartAsync(_clock) : null;
        await using var proxy = await StartAsync(store, remote);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/written", "mine")).Status);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/deleted")).Status);
        Assert.Equal("of the remote", (await proxy.SendAsync("GET", "/bucket/held")).Text);
        await proxy.WhenIdleAsync();
        foreach (var (method, key) in Hits)
        {
            // Everything that is requested once for each bucket and entry has been requested.
            await proxy.SendAsync(method, "/bucket/" + key);
        }

        await proxy.WhenIdleAsync();
        var living = await CostsAsync(proxy, store, remote);
        Assert.Equal(["200 local ", "200 local ", "404 local ", "404 local ", "200 cache HIT", "200 cache HIT"],
            living.Select(cost => cost.Split(": ")[1].Split(';')[0]));
        Assert.All(living, cost => Assert.Equal(isOnStore, cost.EndsWith(" 200", StringComparison.Ordinal)
            || cost.EndsWith(" 206", StringComparison.Ordinal) || cost.EndsWith(" 404", StringComparison.Ordinal)));

        // Before it is known: the very first to come after the remote died.
        _how = how;
        Assert.Equal(living, await CostsAsync(proxy, store, remote));

        // And while it is known.
        var unread = proxy.SendAsync("GET", "/bucket/never-read");
        await remote.UntilAsync(() => remote.Requests.Any(static request => request.Key == "never-read"), "The remote is not asked.");
        Assert.Equal(503, (await _clock.RunToLimitAsync(unread)).Status);
        await _clock.RunToLimitAsync(KnownAsync(remote));
        Assert.Equal(503, (await proxy.SendAsync("GET", "/bucket/never-read").WaitAsync(Patience.Limit)).Status);
        Assert.Equal(living, await CostsAsync(proxy, store, remote));
    }

    private static readonly (string Method, string Key)[] Hits =
        [("GET", "written"), ("HEAD", "written"), ("GET", "deleted"), ("HEAD", "deleted"), ("GET", "held"), ("HEAD", "held")];

    /// <summary>The response and cost of each hit, one line each: the status, the source, and every call of the store.</summary>
    private async Task<List<string>> CostsAsync(OverlayHost proxy, StoreServer? store, ScriptedRemote remote)
    {
        var costs = new List<string>();
        var asked = OfClients(remote);
        foreach (var (method, key) in Hits)
        {
            store?.ForgetCalls();
            var response = await proxy.SendAsync(method, "/bucket/" + key).WaitAsync(Patience.Limit);
            await proxy.WhenIdleAsync();

            // The entry is looked up at the same time as the tombstone, and that lookup is cancelled once the tombstone is found. Whether
            // the store had responded by then is chance.
            var calls = store?.Calls
                .Where(call => key != "deleted" || !call.Path.StartsWith("/s3-overlay-cache/c", StringComparison.Ordinal))
                .Select(call => $"{call.Method} {call.Path}?{call.Query} {call.Status}").Order() ?? Enumerable.Empty<string>();
            costs.Add(
                $"{method} {key}: {response.Status} {response.Headers.GetValueOrDefault("x-s3overlay-layer")} "
                + $"{response.Headers.GetValueOrDefault("x-cache")}; {string.Join(", ", calls)}");
        }

        Assert.Equal(asked, OfClients(remote));
        return costs;
    }

    /// <summary>Remote requests caused by clients: all except the health probe.</summary>
    private static int OfClients(ScriptedRemote remote) => remote.Requests.Count(request => request is not { Method: "HEAD", Key: "" });

    /// <summary>
    /// A remote is known to be down after the second request for its bucket: one confirms the outage, the next probes for its end.
    /// </summary>
    private static async Task<bool> KnownAsync(ScriptedRemote remote)
    {
        await remote.UntilAsync(() => remote.Requests.Count(request => request is { Method: "HEAD", Key: "" }) >= 2,
            "The remote is not known to be dead.");
        return true;
    }

    /// <summary>A proxy whose clock is hurried only while something must fail.</summary>
    private Task<OverlayHost> StartAsync(StoreServer? store, ScriptedRemote remote) => OverlayHost.StartAsync(
        store?.Endpoint,
        remote.Endpoint,
        _clock,
        [("S3_OVERLAY_CACHE_ENABLED", "true"), .. RemoteLimits.Hurried]);

    private async Task<ScriptedOutcome> DieAsync(ScriptedRequest request, HttpContext context)
    {
        switch (_how)
        {
            case null:
                return ScriptedOutcome.AsUsual;
            case "cut":
                context.Abort();
                break;
            case "502":
                await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status502BadGateway, "BadGateway");
                break;
            default:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
        }

        return ScriptedOutcome.Answered;
    }
}
