using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>An acknowledged local change during a revalidation outranks the remote's response (rules C3, S1).</summary>
[Trait("Rule", "S1")]
[Trait("Rule", "C3")]
public sealed class WrittenDuringRevalidationTests
{
    public static TheoryData<string, string, string> Scenes()
    {
        var scenes = new TheoryData<string, string, string>();
        foreach (var layer in (string[])["embedded", "store"])
        {
            foreach (var change in (string[])["PUT", "DELETE"])
            {
                foreach (var said in (string[])["same", "changed", "gone"])
                {
                    scenes.Add(layer, change, said);
                }
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task A_write_or_delete_stays(string layer, string change, string said)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "other", "other"u8.ToArray());
        remote.Put("bucket", "k", "older"u8.ToArray());
        await using var store = layer == "embedded" ? null : await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(
            store?.Endpoint, remote.Endpoint, null,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "always"));
        Assert.Equal("older", (await proxy.SendAsync("GET", "/bucket/k")).Text);
        await proxy.WhenIdleAsync();
        if (said == "changed")
        {
            remote.Put("bucket", "k", "newer"u8.ToArray());
        }
        else if (said == "gone")
        {
            remote.Remove("bucket", "k");
        }

        var (asked, goesOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        remote.Script = async (request, _) =>
        {
            if (request.Method == "HEAD" && request.Key == "k")
            {
                asked.TrySetResult();
                await goesOn.Task;
            }

            return ScriptedOutcome.AsUsual;
        };
        var reading = proxy.SendAsync("GET", "/bucket/k");
        await asked.Task.WaitAsync(Patience.Limit);
        Assert.Equal(change == "PUT" ? 200 : 204, (await proxy.SendAsync(change, "/bucket/k", change == "PUT" ? "here" : null)).Status);
        await AssertDoneAsync();
        goesOn.SetResult();

        // It began before: it may show what was there then.
        var read = await reading;
        Assert.Contains((read.Status, read.Status == 200 ? read.Text : ""),
            new[] { (200, "older"), (200, "newer"), (200, "here"), (404, "") });
        await AssertDoneAsync();
        await proxy.WhenIdleAsync();
        await AssertDoneAsync();

        async Task AssertDoneAsync()
        {
            var now = await proxy.SendAsync("GET", "/bucket/k");
            Assert.Equal(change == "PUT" ? 200 : 404, now.Status);
            if (change == "PUT")
            {
                Assert.Equal(("here", "local"), (now.Text, now.Headers["x-s3overlay-layer"]));
            }
        }
    }
}
