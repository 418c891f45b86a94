using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>
/// What the remote says anew of a copy that stands under its own key is kept there, and never takes the place of a write.
/// </summary>
[Trait("Rule", "S1")]
public sealed class PlacedRenewalTests
{
    private static readonly DateTimeOffset Newer = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly (string Name, string Value) Always = ("S3_OVERLAY_REVALIDATE", "always");

    [Fact, Trait("Rule", "E4"), Trait("Rule", "T2")]
    public async Task Other_metadata_of_the_same_bytes_is_put_beside_them()
    {
        await using var scene = await PlaceScene.StartAsync(null, Always);
        await scene.FillAsync("k", "remote", ("x-amz-meta-colour", "blue"));
        Touch(scene);
        Assert.Equal(("REVALIDATED", "red"), Of(await scene.SendAsync("GET", "/bucket/k")));
        await scene.IdleAsync();
        var stored = await scene.AskStoreAsync("GET", "/bucket/k");
        Assert.Equal(("remote", "red"), (stored.Text, stored.Headers["x-amz-meta-colour"]));
        Assert.DoesNotContain(scene.Calls(), call => call == "DELETE k");

        await using var restarted = await scene.AddProxyAsync();
        Assert.Contains("<Key>k</Key>", (await restarted.SendAsync("GET", "/bucket?list-type=2")).Text, StringComparison.Ordinal);
        var read = await restarted.SendAsync("GET", "/bucket/k");
        Assert.Equal(("HIT", "red"), Of(read));
        Assert.Equal(Newer.ToString("R"), read.Headers["Last-Modified"]);
    }

    /// <summary>The store answered before it was told, and the answer comes afterwards.</summary>
    [Fact, Trait("Rule", "T2")]
    public async Task Who_was_answered_before_the_store_was_told_sees_the_news_all_the_same()
    {
        await using var scene = await PlaceScene.StartAsync(null, ("S3_OVERLAY_REVALIDATE", "1h"));
        await scene.FillAsync("k", "remote", ("x-amz-meta-colour", "blue"));
        Touch(scene);
        var (answered, goesOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        scene.Store.After = call => call is { Method: "GET", Path: "/bucket/k" } && answered.TrySetResult() ? goesOn.Task
            : Task.CompletedTask;
        var reading = scene.SendAsync("GET", "/bucket/k");
        await answered.Task.WaitAsync(Patience.Limit);
        Assert.Equal(("REVALIDATED", "red"), Of(await scene.SendAsync("GET", "/bucket/k", null, ("Cache-Control", "no-cache"))));
        await scene.IdleAsync();
        goesOn.SetResult();
        Assert.Equal(("HIT", "red"), Of(await reading));
    }

    [Fact, Trait("Rule", "C3")]
    public async Task A_write_that_comes_meanwhile_stays_a_write()
    {
        foreach (var body in (string[])["remote", "another"])
        {
            await using var scene = await PlaceScene.StartAsync(null, Always);
            await scene.FillAsync("k");
            Touch(scene);
            var (arrived, goesOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
                new TaskCompletionSource());
            scene.Store.Before = async call =>
            {
                if (call is { Method: "PUT", Path: "/bucket/k" } && arrived.TrySetResult())
                {
                    await goesOn.Task;
                }
            };
            await scene.SendAsync("GET", "/bucket/k");
            await arrived.Task.WaitAsync(Patience.Limit);
            var writing = scene.SendAsync("PUT", "/bucket/k", body);
            await Patience.UntilAsync(() => scene.Waiting > 0, "The write does not wait for the renewal.");
            goesOn.SetResult();
            Assert.Equal(200, (await writing).Status);
            await scene.IdleAsync();
            var read = await scene.SendAsync("GET", "/bucket/k");
            Assert.Equal((body, "local"), (read.Text, read.Headers["x-s3overlay-layer"]));
        }
    }

    [Fact, Trait("Rule", "E4")]
    public async Task Where_other_proxies_write_nothing_is_put_and_this_one_knows_all_the_same()
    {
        await using var scene = await PlaceScene.StartAsync(null, Always, ("S3_OVERLAY_PROXIES", "2"));
        await scene.SendAsync("PUT", "/bucket/makes-the-bucket", "x");
        await scene.FillAsync("k", "remote", ("x-amz-meta-colour", "blue"));
        Touch(scene);
        Assert.Equal(("REVALIDATED", "red"), Of(await scene.SendAsync("GET", "/bucket/k")));
        await scene.IdleAsync();
        Assert.DoesNotContain("PUT k", scene.Calls());
        Assert.Equal(("REVALIDATED", "red"), Of(await scene.SendAsync("GET", "/bucket/k")));
    }

    /// <summary>The remote has the same bytes with other metadata.</summary>
    private static void Touch(PlaceScene scene)
    {
        var md5 = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData("remote"u8));
        scene.Remote.Put("bucket", "k", new ScriptedObject("remote"u8.ToArray(), $"\"{md5}\"", Newer, [("x-amz-meta-colour", "red")]));
    }

    private static (string Cache, string Colour) Of(RawAnswer answer) => (answer.Headers["x-cache"], answer.Headers["x-amz-meta-colour"]);
}
