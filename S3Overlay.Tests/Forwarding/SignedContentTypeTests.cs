using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>A store may require that certain headers are signed, Content-Type included: Ceph's gateway does from 20.2.4 on.</summary>
[Trait("Rule", "T1")]
public sealed class SignedContentTypeTests
{
    private static readonly (string Name, string Value) Type = ("Content-Type", "text/x;  charset=\"utf-8\"");

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 5)]
    [InlineData(false, 100_000)]
    [InlineData(true, 100_000)]
    public async Task What_clients_put_is_taken(bool hasRemote, int size)
    {
        await using var scene = await StartAsync(hasRemote);
        var put = await scene.Proxy.Http.SendAsync("PUT", "/bucket/k", new byte[size], Type);
        Assert.True(put.Status == 200, put.Text);
        var head = await scene.Proxy.SendAsync("HEAD", "/bucket/k");
        Assert.Equal((200, Type.Value), (head.Status, head.Headers["Content-Type"]));
    }

    /// <summary>The .NET and Go SDKs send a type even without a body.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_may_have_a_type_and_no_body(bool hasRemote)
    {
        await using var scene = await StartAsync(hasRemote);
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket/k", "value", Type)).Status);
        Assert.Equal("value", (await scene.Proxy.SendAsync("GET", "/bucket/k", null, Type)).Text);
        Assert.Equal(200, (await scene.Proxy.SendAsync("GET", "/bucket?list-type=2", null, Type)).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("POST", "/bucket/m?uploads", null, Type)).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket/empty", "", ("Content-Type", ""))).Status);
        Assert.Equal(
            200, (await scene.Proxy.SendAsync("PUT", "/bucket/copy", "", ("x-amz-copy-source", "/bucket/k"),
            ("x-amz-metadata-directive", "REPLACE"), ("Content-Type", "a/b"))).Status);
        Assert.Equal("a/b", (await scene.Proxy.SendAsync("HEAD", "/bucket/copy")).Headers["Content-Type"]);
        Assert.Equal(204, (await scene.Proxy.SendAsync("DELETE", "/bucket/k", null, Type)).Status);
    }

    /// <summary>Rows of the cache bucket have a type, and entries have those of their objects.</summary>
    [Theory]
    [Trait("Rule", "E4")]
    [InlineData("50MiB")]
    [InlineData("5MiB")]
    public async Task What_the_overlay_keeps_there_is_taken(string threshold)
    {
        await using var scene = await StartAsync(true, ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", threshold), ("S3_OVERLAY_CHUNK_SIZE", "5MiB"));
        var bytes = new byte[6 << 20];
        Random.Shared.NextBytes(bytes);
        scene.Remote!.Put("bucket", "of-remote", bytes, Type);
        scene.Remote.Put("bucket", "tagged", Encoding.UTF8.GetBytes("value"), Type);
        scene.Remote.Put("bucket", "deleted", Encoding.UTF8.GetBytes("value"), Type);

        var cold = await scene.Proxy.SendAsync("GET", "/bucket/of-remote");
        Assert.Equal((200, bytes.Length), (cold.Status, cold.Body.Length));
        await scene.Proxy.WhenIdleAsync();
        var warm = await scene.Proxy.SendAsync("GET", "/bucket/of-remote");
        Assert.Equal(("HIT", Type.Value), (warm.Headers["x-cache"], warm.Headers["Content-Type"]));
        Assert.Equal(bytes, warm.Body);
        Assert.Equal(
            200, (await scene.Proxy.SendAsync("PUT", "/bucket/tagged?tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", ("Content-Type", "application/xml"))).Status);
        Assert.Equal(204, (await scene.Proxy.SendAsync("DELETE", "/bucket/deleted")).Status);
        Assert.Equal(404, (await scene.Proxy.SendAsync("GET", "/bucket/deleted")).Status);
    }

    private static bool IsUnsigned(HttpRequest request) =>
        request.Headers.ContainsKey("Content-Type")
        && request.Headers.Authorization.ToString() is { Length: > 0 } authorization
        && !authorization.Contains("SignedHeaders=content-type;", StringComparison.Ordinal)
        && !authorization.Contains(";content-type;", StringComparison.Ordinal);

    private static async Task<Scene> StartAsync(bool hasRemote, params (string, string)[] settings)
    {
        var store = await StoreServer.StartAsync();
        store.Fail = static request => IsUnsigned(request) ? (403, "AccessDenied") : null;
        var remote = hasRemote ? await ScriptedRemote.StartAsync() : null;
        var scene = new Scene(store, remote, await OverlayHost.StartAsync(store.Endpoint, remote?.Endpoint, null, settings));
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket")).Status);
        return scene;
    }

    private sealed record Scene(StoreServer Store, ScriptedRemote? Remote, OverlayHost Proxy) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await Store.DisposeAsync();
            if (Remote is not null)
            {
                await Remote.DisposeAsync();
            }
        }
    }
}
