using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Links with a lifetime that S3 would not accept. In front of a store without a remote, the store decides (rule T3).</summary>
[Trait("Rule", "T3")]
public sealed class PresignedLifetimeTests
{
    [Theory]
    [InlineData(8 * 24 * 60 * 60, 400, "AuthorizationQueryParametersError")]
    [InlineData(-7, 400, "AuthorizationQueryParametersError")]
    [InlineData(0, 403, "AccessDenied")]
    public async Task The_store_judges_a_link_that_is_rightly_signed(int seconds, int status, string code)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store, null);
        var refused = await proxy.Http.SendUnsignedAsync("GET", Link(proxy, "minioadmin", seconds));
        Assert.Equal((status, code), (refused.Status, refused.Code));
        var call = Assert.Single(store.Calls);
        Assert.Contains($"X-Amz-Expires={seconds}&", call.Query, StringComparison.Ordinal);

        // The client's own signature is not forwarded.
        Assert.DoesNotContain(Link(proxy, "minioadmin", seconds)[^64..], call.Query, StringComparison.Ordinal);
    }

    /// <summary>A store that has no such bounds is within its rights.</summary>
    [Fact]
    public async Task What_the_store_takes_is_taken()
    {
        await using var store = await StoreServer.StartAsync(null, ("S3_OVERLAY_AUTH", "none"));
        await using var proxy = await StartAsync(store, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", "value")).Status);
        Assert.Equal("value", (await proxy.Http.SendUnsignedAsync("GET", Link(proxy, "minioadmin", 8 * 24 * 60 * 60))).Text);
    }

    [Fact]
    public async Task A_link_that_is_wrongly_signed_does_not_get_so_far()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store, null);
        var refused = await proxy.Http.SendUnsignedAsync("GET", Link(proxy, "guessed", 8 * 24 * 60 * 60));
        Assert.Equal((403, "SignatureDoesNotMatch"), (refused.Status, refused.Code));
        Assert.Empty(store.Calls);
    }

    [Fact]
    public async Task Over_a_remote_such_links_are_refused_here()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store, remote);
        var refused = await proxy.Http.SendUnsignedAsync("GET", Link(proxy, "minioadmin", 8 * 24 * 60 * 60));
        Assert.Equal((400, "AuthorizationQueryParametersError"), (refused.Status, refused.Code));
        Assert.Empty(store.Calls);
    }

    /// <summary>Presigned URL parameters have no meaning in requests that are signed by headers or not signed at all.</summary>
    [Fact]
    public async Task What_is_no_link_does_not_become_one()
    {
        await using var scene = await UsersScene.StartAsync();
        await scene.MakeBucketsAsync();
        var ann = scene.As("ann");
        Assert.Equal("anns", (await ann.SendAsync("GET", "/anns/k?X-Amz-Expires=0")).Text);
        var preflight = await ann.SendUnsignedAsync(
            "OPTIONS", "/anns/k?X-Amz-Credential=ann/20260101/us-east-1/s3/aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=0", null,
            ("Origin", "http://page.example"), ("Access-Control-Request-Method", "PUT"));
        Assert.NotEqual(500, preflight.Status);
        Assert.Equal(["ANN", "ANN"], scene.Asked.Select(asked => asked.Signer));
        Assert.All(scene.Store.Calls, call => Assert.DoesNotContain("X-Amz-Signature", call.Query, StringComparison.Ordinal));
    }

    private static async Task<OverlayHost> StartAsync(StoreServer store, ScriptedRemote? remote)
    {
        var proxy = await OverlayHost.StartAsync(store.Endpoint, remote?.Endpoint);
        store.ForgetCalls();
        return proxy;
    }

    private static string Link(OverlayHost proxy, string secret, int seconds) =>
        "/bucket/k?" + new RequestSigner(new SigningCredentials("minioadmin", secret), "us-east-1")
        .Presign("GET", proxy.Endpoint.Authority, "/bucket/k", "", [], DateTimeOffset.UtcNow, TimeSpan.FromSeconds(seconds));
}
