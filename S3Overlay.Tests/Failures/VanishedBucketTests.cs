using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>Buckets that appear and disappear at the store while a proxy remembers them.</summary>
public sealed class VanishedBucketTests
{
    [Theory, Trait("Rule", "B2")]
    [InlineData("put")]
    [InlineData("put large")]
    [InlineData("form")]
    [InlineData("start upload")]
    [InlineData("delete")]
    [InlineData("copy absent")]
    [InlineData("head bucket")]
    public async Task A_local_half_deleted_behind_the_proxy_is_recreated_by_the_next_attempt(string name)
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        await scene.AskStoreAsync("DELETE", "/bucket/written");
        await scene.AskStoreAsync("DELETE", "/bucket/doomed");
        Assert.Equal(204, (await scene.AskStoreAsync("DELETE", "/bucket")).Status);
        var first = await StoreRequests.SendAsync(scene, name);
        Assert.Equal(503, first.Status);
        Assert.True(first.Headers.ContainsKey("Retry-After"));
        var second = await StoreRequests.SendAsync(scene, name);
        Assert.True(second.Status is 200 or 204, $"{second.Status} {second.Text}");
    }

    [Fact, Trait("Rule", "B2")]
    public async Task Many_at_once_all_succeed_or_get_a_retryable_error()
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        await scene.AskStoreAsync("DELETE", "/bucket/written");
        await scene.AskStoreAsync("DELETE", "/bucket/doomed");
        await scene.AskStoreAsync("DELETE", "/bucket");
        var all = await scene.Clock
            .RunAsync(Task.WhenAll(Enumerable.Range(0, 20).Select(i => scene.Proxy.SendAsync("PUT", $"/bucket/{i}", "v"))));
        Assert.All(all, response => Assert.True(response.Status is 200 or 503, response.Text));
    }

    [Fact, Trait("Rule", "B1")]
    public async Task A_bucket_that_was_requested_too_early_is_there_once_it_is_created()
    {
        await using var scene = await StoreScene.StartAsync();
        Assert.Equal(404, (await scene.Proxy.SendAsync("PUT", "/fresh/key", "v")).Status);
        Assert.Equal(404, (await scene.Proxy.SendAsync("HEAD", "/fresh")).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/fresh")).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("HEAD", "/fresh")).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/fresh/key", "v")).Status);
        Assert.Equal("v", (await scene.Proxy.SendAsync("GET", "/fresh/key")).Text);
    }

    [Fact, Trait("Rule", "T3")]
    public async Task Without_a_remote_the_stores_response_is_kept()
    {
        await using var scene = await StoreScene.StartAsync(hasRemote: false);
        var response = await scene.Proxy.SendAsync("PUT", "/absent/key", "v");
        Assert.Equal((404, "NoSuchBucket"), (response.Status, response.Code));
    }

    [Fact, Trait("Rule", "W4")]
    public async Task A_copy_from_a_missing_bucket_is_NoSuchBucket()
    {
        await using var scene = await StoreScene.StartAsync(true, ("S3_OVERLAY_UNMAPPED", "deny"),
            ("S3_OVERLAY_BUCKET_MAPPING", "bucket:bucket"));
        await StoreRequests.PrepareAsync(scene);
        var response = await scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/absent/key"));
        Assert.Equal((404, "NoSuchBucket"), (response.Status, response.Code));
    }
}
