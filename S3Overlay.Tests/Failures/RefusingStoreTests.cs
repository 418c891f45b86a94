using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>A store that responds with errors: full, overloaded, broken (table F).</summary>
public sealed class RefusingStoreTests
{
    [Theory, Trait("Rule", "F")]
    [InlineData(503, "SlowDown", true)]
    [InlineData(503, "SlowDown", false)]
    [InlineData(500, "InternalError", true)]
    [InlineData(500, "InternalError", false)]
    [InlineData(502, "BadGateway", true)]
    public async Task A_failing_store_is_reported_with_its_own_error_or_503(int status, string code, bool hasRemote)
    {
        await using var scene = await StoreScene.StartAsync(hasRemote);
        await StoreRequests.PrepareAsync(scene);
        scene.Store.Fail = _ => (status, code);
        foreach (var name in StoreRequests.Names)
        {
            var response = await StoreRequests.SendAsync(scene, name);
            if (name == "delete many" && response.Status == 200)
            {
                Assert.DoesNotContain("<Deleted>", response.Text);
                continue;
            }

            // The store's own response to the client's own request. For failures of its own calls the proxy responds with an error other
            // than 500.
            var isItsOwn = response.Status == status && (response.Body.Length == 0 || response.Code == code);
            Assert.True(isItsOwn || (response.Status == 503 && response.Headers.ContainsKey("Retry-After")),
                $"{name}: {response.Status} {response.Text}");
            Assert.True(response.Status != 500 || status == 500, name);
        }

        scene.Store.Fail = null;
        Assert.Equal(300_000, (await scene.Proxy.SendAsync("GET", "/bucket/written")).Body.Length);
    }

    [Theory, Trait("Rule", "F")]
    [InlineData(507, "InsufficientStorage", 507)]
    [InlineData(507, "XMinioStorageFull", 507)]
    [InlineData(403, "QuotaExceeded", 403)]
    public async Task A_full_store_takes_no_writes_and_still_reads(int status, string code, int forClient)
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        scene.Store.Fail = request => request.Method is "PUT" or "POST" ? (status, code) : null;
        foreach (var name in (string[])["put", "put large", "form", "copy"])
        {
            var response = await StoreRequests.SendAsync(scene, name);
            Assert.True(response.Status == forClient, $"{name}: {response.Status} {response.Text}");
            Assert.Equal(code, response.Code);
        }

        // A tombstone needs space too. Without one nothing is deleted.
        var delete = await StoreRequests.SendAsync(scene, "delete");
        Assert.Equal((507, "InsufficientStorage"), (delete.Status, delete.Code));
        var many = await StoreRequests.SendAsync(scene, "delete many");
        Assert.Equal((200, "InsufficientStorage"), (many.Status, many.Code));
        Assert.DoesNotContain("<Deleted>", many.Text);
        Assert.Equal(300_000, (await scene.Proxy.SendAsync("GET", "/bucket/written")).Body.Length);
        Assert.Equal("of the remote", (await scene.Proxy.SendAsync("GET", "/bucket/remote")).Text);
        Assert.Equal(404, (await scene.Proxy.SendAsync("GET", "/bucket/put")).Status);
        scene.Store.Fail = null;
        Assert.Equal(204, (await StoreRequests.SendAsync(scene, "delete")).Status);
    }

    [Theory, Trait("Rule", "F"), Trait("Rule", "S1")]
    [InlineData("put")]
    [InlineData("copy")]
    [InlineData("copy of nothing")]
    public async Task The_entry_that_a_refused_write_would_have_replaced_stays(string write)
    {
        await using var scene = await StoreScene.StartAsync(true, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REVALIDATE", "frozen"));
        scene.Remote.Put("bucket", "key", "of old"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/source", "mine")).Status);
        Assert.Equal("of old", (await scene.SendAsync("GET", "/bucket/key")).Text);
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Put("bucket", "key", "changed"u8.ToArray());
        scene.Store.Fail = request => request.Method == "PUT" && request.Path.Value!.EndsWith("/key", StringComparison.Ordinal)
            && write != "copy of nothing" ? (507, "InsufficientStorage") : null;
        var refused = write == "put" ? await scene.SendAsync("PUT", "/bucket/key", "mine")
            : await scene.Proxy
                .SendAsync("PUT", "/bucket/key", headers: [("x-amz-copy-source", write == "copy" ? "/bucket/source" : "/bucket/nothing")]);
        Assert.Equal(write == "copy of nothing" ? 404 : 507, refused.Status);
        await scene.Proxy.WhenIdleAsync();

        var kept = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(("of old", "HIT"), (kept.Text, kept.Headers["x-cache"]));
    }

    /// <summary>After ten seconds the response to the client has begun as a 200. A store may begin its own as a 200 at once.</summary>
    [Theory, Trait("Rule", "W2"), Trait("Rule", "W4"), Trait("Rule", "S1")]
    [InlineData("complete", 11, 400, "InvalidPart")]
    [InlineData("complete", 0, 200, "InternalError")]
    [InlineData("copy", 11, 403, "QuotaExceeded")]
    [InlineData("copy", 0, 200, "InternalError")]
    public async Task The_entry_that_a_write_refused_within_a_200_would_have_replaced_stays(
        string write, int seconds, int status, string code)
    {
        await using var scene = await StoreScene.StartAsync(true, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_REVALIDATE", "frozen"));
        scene.Remote.Put("bucket", "key", "of old"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/source", "mine")).Status);
        Assert.Equal("of old", (await scene.SendAsync("GET", "/bucket/key")).Text);
        var upload = (await scene.SendAsync("POST", "/bucket/key?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Put("bucket", "key", "changed"u8.ToArray());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Store.Take = context => context.Request.Query.ContainsKey("uploadId")
            || context.Request.Headers.ContainsKey("x-amz-copy-source") ? RefuseAsync(context) : null;
        var sending = write == "complete" ? scene.Proxy.SendAsync("POST", $"/bucket/key?uploadId={upload}", "<CompleteMultipartUpload/>")
            : scene.Proxy.SendAsync("PUT", "/bucket/key", headers: [("x-amz-copy-source", "/bucket/source")]);
        await asked.Task.WaitAsync(Patience.Limit);
        if (seconds > 0)
        {
            await scene.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(10));
        }

        var refused = await scene.Clock.RunAsync(sending, TimeSpan.FromSeconds(11));
        Assert.Equal((200, code), (refused.Status, refused.Code));
        await scene.Proxy.WhenIdleAsync();

        var kept = await scene.SendAsync("GET", "/bucket/key");
        Assert.Equal(("of old", "HIT"), (kept.Text, kept.Headers["x-cache"]));

        async Task RefuseAsync(HttpContext context)
        {
            asked.SetResult();
            await Task.Delay(TimeSpan.FromSeconds(seconds), scene.Clock, context.RequestAborted);
            await ScriptedRemote.RespondErrorAsync(context, status, code);
        }
    }

    [Fact, Trait("Rule", "F")]
    public async Task Of_many_deletes_the_one_that_the_store_throttles_says_so()
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        scene.Store.Fail = request => request.Method == "DELETE" && request.Path.Value!.EndsWith("/doomed", StringComparison.Ordinal)
            ? (503, "SlowDown") : null;
        var many = await StoreRequests.SendAsync(scene, "delete many");
        Assert.Equal((200, "SlowDown"), (many.Status, many.Code));
        Assert.Contains("<Deleted><Key>other</Key>", many.Text);
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_404_that_is_no_document_is_handed_on()
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        scene.Store.Refuse = _ => 404;
        Assert.Equal(404, (await StoreRequests.SendAsync(scene, "get")).Status);
    }
}
