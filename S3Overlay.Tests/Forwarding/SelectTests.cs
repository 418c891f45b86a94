using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// Queries over an object's bytes, and restores, are executed by the store at its own pace. They never reach the remote, which is only
/// read.
/// </summary>
[Trait("Rule", "T3")]
public sealed class SelectTests
{
    /// <summary>Nothing is copied for it either: that may be gigabytes, and is for the client to want.</summary>
    [Theory, Trait("Rule", "W5"), Trait("Rule", "W1")]
    [InlineData("select&select-type=2")]
    [InlineData("restore")]
    public async Task Of_the_remotes_object_it_is_refused_with_what_helps(string query)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "mine")).Status);
        scene.Store.ForgetCalls();
        var response = await scene.SendAsync("POST", $"/bucket/key?{query}", "<Request/>");
        Assert.Equal((501, "NotImplemented"), (response.Status, response.Code));
        Assert.Contains("Copy it onto itself first", response.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(scene.Store.Calls, call => call.Method is "POST" or "PUT");
    }

    [Fact, Trait("Rule", "F")]
    public async Task A_store_may_take_minutes_to_begin_its_response()
    {
        await using var scene = await StoreScene.StartAsync(hasRemote: false);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/key", "mine")).Status);
        var (isAsked, goOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        scene.Store.Take = async context =>
        {
            isAsked.TrySetResult();
            await goOn.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("found");
        };
        var asking = scene.Proxy.SendAsync("POST", "/bucket/key?select&select-type=2", "<SelectObjectContentRequest/>");
        await isAsked.Task.WaitAsync(Patience.Limit);
        scene.Clock.Advance(TimeSpan.FromMinutes(10));
        goOn.SetResult();
        var response = await scene.Clock.RunAsync(asking);
        Assert.Equal((200, "found"), (response.Status, response.Text));
    }
}
