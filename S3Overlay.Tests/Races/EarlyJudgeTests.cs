using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// Writes over a store that checks conditions when a request begins, and not again when it is done (Versity, CloudServer).
/// </summary>
public sealed class EarlyJudgeTests
{
    private static readonly byte[] Large = new byte[1 << 20];

    /// <summary>The copy-up for the tags began before the write and must not overwrite it.</summary>
    [Fact, Trait("Rule", "W5")]
    public async Task A_write_stays_while_tags_of_the_remotes_object_are_set()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "key", Large);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        _ = new EarlyJudge(scene.Store);
        await using var proxy = await scene.AddProxyAsync(("S3_OVERLAY_CACHE_ENABLED", "true"));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Remote.Script = (request, _) => Task.FromResult(request is { Method: "GET", Key: "key" }
            ? new ScriptedOutcome { GateAfter = (900_000, gate) } : ScriptedOutcome.AsUsual);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var judge = scene.Store.Alter!;
        scene.Store.Alter = request =>
        {
            judge(request);
            if (request is { Method: "PUT", Path.Value: "/bucket/key" })
            {
                begun.TrySetResult();
            }
        };

        var tags = proxy
            .SendAsync("PUT", "/bucket/key?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>");
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(200, (await scene.SendAsync(proxy, "PUT", "/bucket/key", "written")).Status);
        gate.SetResult();
        Assert.Equal(200, (await tags).Status);
        Assert.Equal("written", (await scene.SendAsync(proxy, "GET", "/bucket/key")).Text);
        Assert.Contains("<Key>a</Key>", (await scene.SendAsync(proxy, "GET", "/bucket/key?tagging")).Text, StringComparison.Ordinal);
    }

    /// <summary>Other proxies may write past this proxy's locks. A write whose condition cannot be checked is refused.</summary>
    [Fact, Trait("Rule", "W3")]
    public async Task Under_several_proxies_conditional_writes_are_refused()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "other", Large);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        _ = new EarlyJudge(scene.Store);
        await using var proxy = await scene.AddProxyAsync(("S3_OVERLAY_PROXIES", "2"));
        Assert.Equal(501, (await scene.SendAsync(proxy, "PUT", "/bucket/key", "new", ("If-None-Match", "*"))).Status);
        Assert.Equal(200, (await scene.SendAsync(proxy, "PUT", "/bucket/key", "new")).Status);
    }

    /// <summary>
    /// For a key that another client deletes between the lookup and the delete, Versity reports that there is none. The delete has its
    /// effect, so it succeeds.
    /// </summary>
    [Theory, Trait("Rule", "D1")]
    [InlineData(404, "NoSuchKey", 204)]
    [InlineData(403, "AccessDenied", 403)]
    public async Task A_delete_that_finds_nothing_any_more_has_deleted(int status, string code, int told)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "other", Large);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/key", "value")).Status);
        scene.Store.Fail = request => request is { Method: "DELETE", Path.Value: "/bucket/key" } ? (status, code) : null;
        Assert.Equal(told, (await scene.SendAsync("DELETE", "/bucket/key")).Status);
    }
}
