using System.Security.Cryptography;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// A store that keeps part of a body must know in advance that more follows. Otherwise a refused upload would lack only the byte that the
/// proxy holds back (rule W7).
/// </summary>
[Trait("Rule", "W7")]
public sealed class CutUploadTests
{
    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    public async Task A_store_that_keeps_partial_bodies_sees_where_the_body_ends(bool keeps, bool takesTrailers, bool hasDigest)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "other", "other"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        using var keeper = keeps ? new CutKeeper(scene.Store) : null;
        scene.Store.Refuse = takesTrailers ? null : request => request.Headers.ContainsKey("x-amz-trailer") ? 400 : null;
        await using var proxy = await OverlayHost.StartAsync(scene.Store.Endpoint, scene.Remote.Endpoint, scene.Clock);
        keeper?.Bare.Clear();
        var large = new byte[3 << 20];
        Random.Shared.NextBytes(large);
        (string, string)[] headers = hasDigest
            ? [("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("Content-MD5", Convert.ToBase64String(MD5.HashData(large)))]
            : [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        Assert.Equal(200, (await proxy.Http.SendAsync("PUT", "/bucket/key", large, headers)).Status);
        Assert.Empty(keeper?.Bare ?? []);
        var got = await proxy.Http.SendAsync("GET", "/bucket/key", null, ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal(large, got.Body);
        Assert.Equal(keeps && !hasDigest, got.Headers.Keys.Contains("x-amz-checksum-crc32"));
    }

    /// <summary>The store does not check the client's signature, and may keep any body that looks complete.</summary>
    [Fact]
    public async Task A_store_never_gets_all_of_a_body_that_fails_its_checks()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        var isWhole = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Take = context => context.Request is { Method: "PUT", Path.Value: "/bucket/key" } ? ReadAsync(context.Request.Body) : null;

        // Small enough to be in the store's receive buffer when the proxy cuts the connection, large enough to be streamed.
        var put = await proxy.Http.SendAsync("PUT", "/bucket/key", new byte[100_000], ("x-amz-content-sha256", new string('0', 64)));
        Assert.Equal((400, "XAmzContentSHA256Mismatch"), (put.Status, put.Code));
        Assert.False(await isWhole.Task.WaitAsync(Patience.Limit));

        async Task ReadAsync(Stream body)
        {
            try
            {
                await body.CopyToAsync(Stream.Null);
                isWhole.SetResult(true);
            }
            catch (Exception)
            {
                isWhole.SetResult(false);
            }
        }
    }

    /// <summary>
    /// A truncated part would appear in the list of its upload, or replace an acknowledged part. No checksum is added to prevent that: the
    /// upload may use another algorithm.
    /// </summary>
    [Theory]
    [InlineData("")]
    [InlineData("CRC64NVME")]
    public async Task Parts_behave_the_same(string algorithm)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "other", "other"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/other", "other")).Status);
        using var keeper = new CutKeeper(scene.Store);
        await using var proxy = await OverlayHost.StartAsync(scene.Store.Endpoint, scene.Remote.Endpoint, scene.Clock);
        keeper.Bare.Clear();
        var part = new byte[3 << 20];
        Random.Shared.NextBytes(part);
        (string, string)[] of = algorithm.Length > 0 ? [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", "FULL_OBJECT")]
            : [];
        var upload = (await proxy.SendAsync("POST", "/bucket/key?uploads", null, of)).Text.Split("<UploadId>")[1].Split('<')[0];
        var put = await proxy.Http.SendAsync("PUT", $"/bucket/key?partNumber=1&uploadId={upload}", part,
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"));
        Assert.Equal(200, put.Status);
        Assert.Empty(keeper.Bare);
        var completed = await proxy.SendAsync(
            "POST",
            $"/bucket/key?uploadId={upload}",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{put.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>");
        Assert.Equal(200, completed.Status);
        Assert.Equal(part, (await proxy.Http.SendAsync("GET", "/bucket/key", null)).Body);
    }
}
