using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// A conditional delete over a store while a client writes the key, at each instant between two calls. If the response says that the object
/// stays, the delete leaves nothing behind that would matter later, when the object is removed behind the proxy and the remote's shows
/// again (rule D4).
/// </summary>
public sealed class RefusedDeleteTests
{
    [Theory, Trait("Rule", "D1")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_is_refused_leaves_no_tombstone(bool isWritten)
    {
        await using var scene = await StoreScene.StartAsync();
        var (deleted, put, refusals) = ((RawResponse?)null, (RawResponse?)null, 0);
        scene.Remote.Put("bucket", "any", "remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/warm", "v")).Status);
        Assert.Equal(412, (await scene.SendAsync("DELETE", "/bucket/warm", null, ("If-Match", "\"other\""))).Status);
        var etag = "";
        var runs = await StoreSteps.SweepAsync(
            scene.Store,
            async run => deleted = await scene.SendAsync("DELETE", $"/bucket/{run}", null, ("If-Match", etag)),
            async run => put = await scene.SendAsync("PUT", $"/bucket/{run}", "in between"),
            async run =>
            {
                Assert.Equal(200, put!.Status);
                Assert.True(deleted!.Status is 204 or 412, deleted.Text);
                Assert.Equal(204, (await scene.AskStoreAsync("DELETE", $"/bucket/{run}")).Status);
                var read = await scene.SendAsync("GET", $"/bucket/{run}");
                Assert.Equal(deleted.Status == 204 ? (404, "") : (200, "remote"), (read.Status, read.Status == 200 ? read.Text : ""));
                refusals += deleted.Status == 412 ? 1 : 0;
            },
            async run =>
            {
                etag = scene.Remote.Put("bucket", $"{run}", "remote"u8.ToArray()).ETag;
                if (isWritten)
                {
                    etag = (await scene.SendAsync("PUT", $"/bucket/{run}", "mine")).Headers["ETag"];
                }
            });
        Assert.True(runs > 6, $"Only {runs} instants.");
        Assert.True(refusals > 3, $"Only {refusals} refusals.");
    }

    /// <summary>Each call of the overlay's own is repeated by itself a few times before it counts as failed.</summary>
    [Theory, Trait("Rule", "D1"), Trait("Rule", "F")]
    [InlineData("taking back", 412)]
    [InlineData("looking", 503)]
    public async Task One_that_fails_halfway_leaves_no_tombstone(string stage, int status)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        var etag = (await scene.SendAsync("PUT", "/bucket/key", "mine")).Headers["ETag"];
        Assert.Equal(412, (await scene.SendAsync("DELETE", "/bucket/key", null, ("If-Match", "\"other\""))).Status);
        var (isReached, failures) = (false, 0);
        scene.Store.Before = async call =>
        {
            if (stage == "looking")
            {
                isReached |= call is { Method: "PUT" };
            }
            else if (call is { Method: "DELETE", Path: "/bucket/key" })
            {
                scene.Store.Before = null;
                Assert.Equal(200, (await scene.AskStoreAsync("PUT", "/bucket/key", "theirs")).Status);
                isReached = true;
            }
        };
        var failing = stage == "looking" ? "/bucket/key" : "/s3-overlay-cache/";
        scene.Store.Fail = request =>
            isReached && request.Method != "PUT" && request.Path.Value!.StartsWith(failing, StringComparison.Ordinal)
                && Interlocked.Increment(ref failures) <= 5 ? (500, "InternalError") : null;
        Assert.Equal(status, (await scene.SendAsync("DELETE", "/bucket/key", null, ("If-Match", etag))).Status);
        Assert.True(failures >= 5, $"Only {failures} calls failed.");
        (scene.Store.Before, scene.Store.Fail) = (null, null);

        Assert.Equal(204, (await scene.AskStoreAsync("DELETE", "/bucket/key")).Status);
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/key")).Text);
    }
}
