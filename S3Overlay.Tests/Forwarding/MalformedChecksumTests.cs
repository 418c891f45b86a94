using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// A malformed checksum header. A store that checks them has its own error code for it (S3: InvalidRequest, RGW: BadDigest, MinIO:
/// InvalidArgument).
/// </summary>
[Trait("Rule", "T3")]
[Trait("Rule", "W7")]
public sealed class MalformedChecksumTests
{
    private static readonly (string, string)[] Bad = [("x-amz-checksum-sha256", "bad"), ("x-amz-sdk-checksum-algorithm", "SHA256")];

    [Theory]
    [InlineData(10, false)]
    [InlineData(10, true)]
    [InlineData(10_000, true)]
    [InlineData(100_000, false)]
    [InlineData(100_000, true)]
    public async Task In_a_bucket_without_a_remote_the_store_refuses_it(int size, bool waits)
    {
        await using var store = await StoreServer.StartAsync();
        store.Fail = request => request.Headers["x-amz-checksum-sha256"] == "bad" || request.Headers["x-amz-checksum-crc32"] == "none"
            ? (400, "BadDigest") : null;
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var upload = (await proxy.SendAsync("POST", "/bucket/up?uploads", null, ("x-amz-checksum-algorithm", "SHA256"))).Text
            .Split("<UploadId>")[1].Split('<')[0];
        foreach (var target in new[] { "/bucket/k", $"/bucket/up?partNumber=1&uploadId={upload}" })
        {
            var response = await SendAsync(proxy, target, size, waits);
            Assert.Equal((400, "BadDigest"), (response.Status, response.Code));
        }

        Assert.Equal(404, (await proxy.SendAsync("HEAD", "/bucket/k")).Status);

        // The connection to the store is as good as ever, and what is well-formed and wrong is the proxy's to refuse.
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", new string('x', size))).Status);
        Assert.Equal(
            "BadDigest", (await proxy.SendAsync("PUT", "/bucket/k", new string('y', size), ("x-amz-checksum-crc32", "AAAAAA=="))).Code);
        Assert.Equal(new string('x', size), (await proxy.SendAsync("GET", "/bucket/k")).Text);
    }

    /// <summary>A store that reads only the algorithm's name would accept the body.</summary>
    [Fact]
    public async Task Where_nothing_names_its_algorithm_the_proxy_refuses_it()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        store.Fail = request => request.Method == "PUT" ? (418, "Asked") : null;
        Assert.Equal("InvalidRequest", (await proxy.SendAsync("PUT", "/bucket/k", "body", Bad[0])).Code);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100_000)]
    public async Task Where_the_store_checks_none_the_proxy_refuses_it(int size)
    {
        await using var store = await StoreServer.StartAsync(null, ("S3_OVERLAY_AUTH", "none"));
        store.Alter = request =>
        {
            request.Headers.Remove("x-amz-checksum-crc32");
            request.Headers.Remove("x-amz-checksum-sha256");
        };
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        Assert.Equal("BadDigest", (await SendAsync(proxy, "/bucket/k", size, false)).Code);
        Assert.Equal(404, (await proxy.SendAsync("HEAD", "/bucket/k")).Status);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100_000)]
    public async Task In_a_bucket_with_a_remote_the_proxy_refuses_it(int size)
    {
        await using var scene = await StoreScene.StartAsync();
        await scene.Proxy.SendAsync("PUT", "/bucket");
        scene.Store.Fail = request => request.Headers.ContainsKey("x-amz-checksum-sha256") ? (400, "InvalidDigest") : null;
        Assert.Equal("BadDigest", (await SendAsync(scene.Proxy, "/bucket/k", size, false)).Code);
    }

    private static async Task<RawResponse> SendAsync(OverlayHost proxy, string target, int size, bool waits)
    {
        var response = await proxy.Http.SendAsync("PUT", target, new byte[size],
            [.. Bad, .. waits ? new[] { ("Expect", "100-continue") } : []]);
        while (response.Status is >= 100 and < 200)
        {
            response = RawResponse.Parse(response.Body);
        }

        return response;
    }
}
