using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>What the settings of the local layer change for its endpoint and for clients.</summary>
public sealed class LocalSettingTests
{
    [Theory, Trait("Rule", "B2")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task Buckets_are_made_where_they_are_to_be(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_DEFAULT_BUCKET_LOCATION", "eu-west-3"));
        scene.Remote.AddBucket("bucket");
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "m")).Status);
        Assert.Contains(">eu-west-3<", (await scene.SendAsync("GET", "/bucket?location")).Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "A2")]
    public async Task The_store_gets_the_configured_region_and_token()
    {
        var asked = new ConcurrentQueue<(string Authorization, string Token)>();
        await using var store = await LoopbackServer.StartAsync(context =>
        {
            asked.Enqueue((context.Request.Headers.Authorization.ToString(), context.Request.Headers["x-amz-security-token"].ToString()));
            return context.Response.WriteAsync("bytes");
        });
        await using var proxy = await OverlayHost.StartAsync(
            store.Endpoint,
            null,
            null,
            ("S3_OVERLAY_LOCAL_ACCESS_KEY", "of-the-store"),
            ("S3_OVERLAY_LOCAL_SECRET_KEY", "secret"),
            ("S3_OVERLAY_LOCAL_REGION", "eu-west-3"),
            ("S3_OVERLAY_LOCAL_SESSION_TOKEN", "the-token"),
            ("S3_OVERLAY_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_SECRET_KEY", "minioadmin"));
        Assert.Equal("bytes", (await proxy.SendAsync("GET", "/bucket/key")).Text);
        Assert.All(asked, request => Assert.Contains("/eu-west-3/s3/aws4_request", request.Authorization, StringComparison.Ordinal));
        Assert.All(asked, request => Assert.Equal("the-token", request.Token));
        Assert.NotEmpty(asked);
    }
}
