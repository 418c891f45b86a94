using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>A part that is copied from the remote into an upload whose checksums are not computed here: the store would get it without (rule W7).</summary>
public sealed class UncomputedPartTests
{
    [Theory, Trait("Rule", "W7")]
    [InlineData("XXHASH64", 501)]
    [InlineData("CRC32C", 200)]
    public async Task It_is_refused_before_the_store_gets_it(string algorithm, int status)
    {
        await using var scene = await StoreScene.StartAsync(true);
        scene.Remote!.Put("bucket", "source", new byte[100]);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket")).Status);
        var upload = (await scene.SendAsync("POST", "/bucket/key?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        scene.Store.Take = context => context.Request.Method == "GET" && context.Request.Query.ContainsKey("uploadId")
            ? context.Response.WriteAsync($"<ListPartsResult><ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm></ListPartsResult>")
            : null;
        var copied = await scene.SendAsync("PUT", $"/bucket/key?partNumber=1&uploadId={upload}", null, ("x-amz-copy-source", "/bucket/source"));
        Assert.Equal(status, copied.Status);
    }
}
