using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores.Placed;

/// <summary>
/// Copies under their own keys in a bucket that is given versions: none is put there any more, and those that are go without a trace.
/// </summary>
[Trait("Rule", "E4")]
public sealed class VersionedBucketTests
{
    private const string Enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

    /// <summary>What is on its way there would be executed as a version, and stay below what the client writes.</summary>
    [Fact]
    public async Task One_that_is_on_its_way_there_comes_before_the_store_is_told()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("before");
        scene.Store.Take = Versioning;
        var (begun, told, isTooLate) = (Signal(), Signal(), false);
        scene.Store.Before = async call =>
        {
            if (call is { Method: "PUT", Path: "/bucket/k" })
            {
                begun.TrySetResult();
                await Task.WhenAny(told.Task, Task.Delay(500));
                isTooLate = told.Task.IsCompleted;
            }
            else if (IsTold(call))
            {
                told.TrySetResult();
            }
        };
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/k")).Text);
        await begun.Task.WaitAsync(Patience.Limit);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket?versioning", Enabled)).Status);
        Assert.True(told.Task.IsCompleted);
        Assert.False(isTooLate);
        await scene.IdleAsync();
    }

    /// <summary>Another proxy was told, or the store itself, after this one had asked.</summary>
    [Theory]
    [InlineData("PUT")]
    [InlineData("HEAD")]
    public async Task One_that_the_store_made_a_version_goes_by_its_id(string tells)
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("before");
        var isEnabled = false;
        scene.Store.Before = call =>
        {
            isEnabled |= call is { Method: "PUT", Path: "/bucket/k" };
            return Task.CompletedTask;
        };
        scene.Store.Take = context => isEnabled && context.Request.Query.ContainsKey("versioning") ? Versioning(context)
            : context.Request.Method == "DELETE" && context.Request.Query["versionId"] == "v1" ? TakeAwayAsync(context)
            : null;
        scene.Store.Dress = context =>
        {
            if (context.Request.Path == "/bucket/k" && context.Request.Method == tells && context.Response.StatusCode == 200)
            {
                context.Response.Headers["x-amz-version-id"] = "v1";
            }
        };
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/k")).Text);
        await scene.IdleAsync();
        Assert.Contains(scene.Store.Calls, call => call is { Method: "DELETE", Path: "/bucket/k", Query: "versionId=v1" });
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/k")).Headers["x-cache"]);

        async Task TakeAwayAsync(HttpContext context)
        {
            await scene.AskStoreAsync("DELETE", "/bucket/k");
            context.Response.StatusCode = 204;
        }
    }

    /// <summary>Such a store gives ids where nothing can be versioned.</summary>
    [Fact]
    public async Task One_with_an_id_stays_where_there_are_no_versions()
    {
        await using var scene = await PlaceScene.StartAsync();
        scene.Store.Dress = context =>
        {
            if (context.Request.Path == "/bucket/k" && context.Request.Method == "PUT")
            {
                context.Response.Headers["x-amz-version-id"] = "v1";
            }
        };
        await scene.FillAsync("k");
        Assert.Equal(200, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
    }

    [Fact]
    public async Task None_is_put_there_though_the_answer_was_lost()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("before");
        scene.Store.Take = Versioning;
        scene.Store.After = call => IsTold(call) ? throw new IOException() : Task.CompletedTask;
        Assert.NotEqual(200, (await scene.SendAsync("PUT", "/bucket?versioning", Enabled)).Status);
        scene.Store.After = null;
        scene.Remote.Put("bucket", "after", "remote"u8.ToArray());
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/after")).Text);
        await scene.IdleAsync();
        Assert.DoesNotContain("PUT after", scene.Calls());
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/after")).Headers["x-cache"]);
    }

    /// <summary>Copied onto itself it would be one version more.</summary>
    [Fact, Trait("Rule", "S1")]
    public async Task What_is_learned_of_one_makes_no_version()
    {
        await using var scene = await PlaceScene.StartAsync(null, ("S3_OVERLAY_REVALIDATE", "always"));
        await scene.FillAsync("k", "remote", ("x-amz-meta-colour", "blue"));
        scene.Store.Take = Versioning;
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket?versioning", Enabled)).Status);
        var md5 = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData("remote"u8));
        scene.Remote.Put("bucket", "k", new ScriptedObject("remote"u8.ToArray(), $"\"{md5}\"", new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero),
            [("x-amz-meta-colour", "red")]));
        for (var reads = 0; reads < 2; reads++)
        {
            Assert.Equal("red", (await scene.SendAsync("GET", "/bucket/k")).Headers["x-amz-meta-colour"]);
            await scene.IdleAsync();
        }

        Assert.DoesNotContain("PUT k", scene.Calls());
    }

    [Fact]
    public async Task None_is_put_there_from_then_on()
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("before");
        scene.Store.Take = Versioning;
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket?versioning", Enabled)).Status);
        scene.Remote.Put("bucket", "after", "remote"u8.ToArray());
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/after")).Text);
        await scene.IdleAsync();
        Assert.DoesNotContain("PUT after", scene.Calls());
        Assert.Equal("HIT", (await scene.SendAsync("GET", "/bucket/after")).Headers["x-cache"]);
    }

    /// <summary>A delete without a version would leave a delete marker, which listings of versions show.</summary>
    [Theory, Trait("Rule", "V3")]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task One_that_is_taken_away_leaves_no_marker(bool tellsVersion, bool isGivenHere)
    {
        await using var scene = await PlaceScene.StartAsync();
        await scene.FillAsync("k");
        scene.Store.Take = Versioning;
        var given = isGivenHere ? await scene.SendAsync("PUT", "/bucket?versioning", Enabled)
            : await scene.AskStoreAsync("PUT", "/bucket?versioning", Enabled);
        Assert.Equal(200, given.Status);
        scene.Store.Dress = context =>
        {
            if (tellsVersion && context.Request.Path == "/bucket/k" && context.Request.Method == "HEAD")
            {
                context.Response.Headers["x-amz-version-id"] = "null";
            }
        };
        Assert.Equal(200, (await scene.SendAsync("POST", "/-/v1/drop?bucket=bucket&key=k")).Status);
        await scene.IdleAsync();
        Assert.Equal("versionId=null", Assert.Single(scene.Store.Calls, call => call is { Method: "DELETE", Path: "/bucket/k" }).Query);
        Assert.Equal(404, (await scene.AskStoreAsync("HEAD", "/bucket/k")).Status);
    }

    /// <summary>A store whose buckets have versions now.</summary>
    private static Task? Versioning(HttpContext context) => !context.Request.Query.ContainsKey("versioning") ? null
        : context.Request.Method == "GET" ? context.Response.WriteAsync(Enabled)
        : Task.CompletedTask;

    private static bool IsTold(StoreCall call) => call is { Method: "PUT", Path: "/bucket" }
        && call.Query.StartsWith("versioning", StringComparison.Ordinal);

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
