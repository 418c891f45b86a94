using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>
/// Conditional writes of keys under which there is a copy, or comes to be one. The store is asked about that copy in place of the remote's
/// object, and its refusal may be about something else: who reads it must know whether to try again.
/// </summary>
[Trait("Rule", "E4"), Trait("Rule", "W3")]
public sealed class PlacedConditionTests
{
    private static readonly (string Name, string Value) Shared = ("S3_OVERLAY_PROXIES", "2");

    [Fact, Trait("Rule", "W4")]
    public async Task A_source_that_is_gone_by_the_time_of_its_copy_is_a_404()
    {
        await using var scene = await StartAsync();
        BeforeWrite(scene, () => scene.AskStoreAsync("DELETE", "/bucket/mine"));
        await RefusedAsync(scene, 404, "NoSuchKey", await WriteAsync(scene, "copy"));
    }

    [Fact, Trait("Rule", "W6")]
    public async Task An_upload_that_is_not_there_is_a_404()
    {
        await using var scene = await StartAsync();
        BeforeWrite(scene, async () =>
        {
            var uploads = (await scene.AskStoreAsync("GET", "/bucket?uploads")).Text;
            await scene.AskStoreAsync("DELETE", $"/bucket/key?uploadId={uploads.Split("<UploadId>")[1].Split('<')[0]}");
        });
        await RefusedAsync(scene, 404, "NoSuchUpload", await WriteAsync(scene, "complete"));
    }

    [Theory]
    [InlineData("put", true)]
    [InlineData("copy", true)]
    [InlineData("complete", true)]
    [InlineData("put", false)]
    [InlineData("copy", false)]
    [InlineData("complete", false)]
    public async Task A_copy_that_goes_or_is_written_over_meanwhile_is_a_conflict(string write, bool goes)
    {
        await using var scene = await StartAsync();
        BeforeWrite(scene, () => goes ? scene.AskStoreAsync("DELETE", "/bucket/key") : scene.AskStoreAsync("PUT", "/bucket/key", "theirs"));
        await RefusedAsync(scene, 409, "ConditionalRequestConflict", await WriteAsync(scene, write), goes ? "remote" : "theirs");
    }

    /// <summary>
    /// The store is asked for a new key then, and says 412 as it does of a condition on the source. The condition on the target holds all
    /// the same.
    /// </summary>
    [Theory, Trait("Rule", "W4")]
    [InlineData("If-Match", 409, "ConditionalRequestConflict")]
    [InlineData("If-None-Match", 412, "PreconditionFailed")]
    public async Task A_copy_that_another_proxy_places_before_a_write_with_conditions_on_both_is_a_conflict_where_those_hold(
        string condition, int status, string code)
    {
        await using var scene = await PlaceScene.StartAsync(null, Shared);
        await using var other = await scene.AddProxyAsync(Shared);
        var source = (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Headers["ETag"];
        await SettledAsync(scene);
        var etag = condition == "If-Match" ? scene.Remote.Put("bucket", "key", "remote"u8.ToArray()).ETag : "*";
        BeforeWrite(scene, () =>
        {
            scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
            return scene.FillAsync(other, "key", "remote");
        });
        var copied = await scene.SendAsync("PUT", "/bucket/key", null, ("x-amz-copy-source", "/bucket/mine"),
            ("x-amz-copy-source-if-match", source), (condition, etag));
        Assert.Equal(200, (await scene.AskStoreAsync("HEAD", "/bucket/key")).Status);
        await RefusedAsync(scene, status, code, copied);
    }

    [Theory]
    [InlineData("DELETE", false)]
    [InlineData("DELETE", true)]
    [InlineData("PUT", false)]
    [InlineData("PUT", true)]
    public async Task A_copy_that_another_proxy_overtakes_at_any_instant_leaves_nothing_in_memory(string change, bool isHeld)
    {
        await using var scene = await PlaceScene.StartAsync(null, Shared);
        await using var other = await scene.AddProxyAsync(Shared);
        await scene.SendAsync("PUT", "/bucket/mine", "mine");
        var (copied, etag, conflicts) = ((RawAnswer?)null, "", 0);
        await StoreSteps.SweepAsync(
            scene.Store,
            async run => copied = await scene.SendAsync("PUT", $"/bucket/k{run}", null, ("x-amz-copy-source", "/bucket/mine"),
                ("If-Match", etag)),
            async run => Assert.True((await other.SendAsync(change, $"/bucket/k{run}", change == "PUT" ? "theirs" : null)).Status < 300),
            async run =>
            {
                if (copied!.Status == 200)
                {
                    await SettledAsync(scene);
                    return;
                }

                Assert.True(copied.Status is 404 or 409 or 412, copied.Text);
                Assert.Equal(0, scene.Unsettled);
                conflicts += copied.Status == 409 ? 1 : 0;
            },
            async run =>
            {
                etag = scene.Remote.Put("bucket", $"k{run}", "remote"u8.ToArray()).ETag;
                await (isHeld ? scene.FillAsync($"k{run}") : scene.IdleAsync());
                await SettledAsync(scene);
            });
        Assert.True(conflicts > 1, $"Only {conflicts} conflicts.");
    }

    /// <summary>A copy or complete that takes long is refused within a 200 (rule W4).</summary>
    [Theory, Trait("Rule", "W4")]
    [InlineData("copy", "PreconditionFailed", 409, "ConditionalRequestConflict", 0)]
    [InlineData("complete", "PreconditionFailed", 409, "ConditionalRequestConflict", 0)]
    [InlineData("copy", "AccessDenied", 200, "AccessDenied", 0)]
    [InlineData("complete", "InvalidPart", 200, "InvalidPart", 0)]
    [InlineData("copy", "InternalError", 200, "InternalError", 1)]
    [InlineData("complete", "InternalError", 200, "InternalError", 1)]
    public async Task What_is_refused_within_a_200_is_refused(string write, string told, int status, string code, int unsettled)
    {
        await using var scene = await StartAsync();
        scene.Store.Take = context => context.Request.Query.ContainsKey("uploadId") && context.Request.Method == "POST"
            || context.Request.Headers.ContainsKey("x-amz-copy-source")
            ? ScriptedRemote.AnswerErrorAsync(context, 200, told)
            : null;
        await RefusedAsync(scene, status, code, await WriteAsync(scene, write), unsettled: unsettled);
    }

    /// <summary>A bucket with "mine", and with a copy of the remote's "key".</summary>
    private static async Task<PlaceScene> StartAsync()
    {
        var scene = await PlaceScene.StartAsync();
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "mine")).Status);
        await SettledAsync(scene);
        await scene.FillAsync("key");
        return scene;
    }

    /// <summary>Writes the key, as long as it is what the remote has.</summary>
    private static async Task<RawAnswer> WriteAsync(PlaceScene scene, string write)
    {
        var condition = ("If-Match", (await scene.SendAsync("HEAD", "/bucket/key")).Headers["ETag"]);
        if (write != "complete")
        {
            return write == "put" ? await scene.SendAsync("PUT", "/bucket/key", "mine", condition)
                : await scene.SendAsync("PUT", "/bucket/key", null, ("x-amz-copy-source", "/bucket/mine"), condition);
        }

        var upload = (await scene.SendAsync("POST", "/bucket/key?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        var part = (await scene.SendAsync("PUT", $"/bucket/key?partNumber=1&uploadId={upload}", "mine")).Headers["ETag"];
        return await scene.SendAsync(
            "POST",
            $"/bucket/key?uploadId={upload}",
            $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part}</ETag></Part></CompleteMultipartUpload>",
            condition);
    }

    /// <summary>Lets something happen once all has been looked at, and before the store commits.</summary>
    private static void BeforeWrite(PlaceScene scene, Func<Task> happens) => scene.Store.Before = async call =>
    {
        if (call is { Method: "PUT" or "POST", Path: "/bucket/key" }
            && (call.Query.Length == 0 || (call.Method == "POST" && call.Query.StartsWith("uploadId", StringComparison.Ordinal))))
        {
            scene.Store.Before = null;
            await happens();
        }
    };

    /// <summary>What a refusal says, and that it changed nothing.</summary>
    private static async Task RefusedAsync(PlaceScene scene, int status, string code, RawAnswer answer, string body = "remote",
        int unsettled = 0)
    {
        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.Equal(unsettled, scene.Unsettled);
        Assert.Equal(body, (await scene.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>Finishes once nothing is left of writes: their clients do not wait for the cleaning.</summary>
    private static Task SettledAsync(PlaceScene scene) => Patience.UntilAsync(() => scene.Unsettled == 0, "Writes are not settled.");
}
