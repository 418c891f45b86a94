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

    /// <summary>A part that lacks the checksum which its upload was started with makes the whole upload worthless: it is not put on a guess, nor its source read for nothing.</summary>
    [Theory, Trait("Rule", "F"), Trait("Rule", "W7")]
    [InlineData(500, "<Error><Code>InternalError</Code></Error>", 503, "ServiceUnavailable")]
    [InlineData(503, "", 503, "ServiceUnavailable")]
    [InlineData(200, "<html>", 503, "ServiceUnavailable")]
    [InlineData(200, "<html/>", 503, "ServiceUnavailable")]
    [InlineData(404, "<Error><Code>NoSuchUpload</Code></Error>", 404, "NoSuchUpload")]
    [InlineData(404, "", 404, "NoSuchUpload")]
    [InlineData(403, "<Error><Code>AccessDenied</Code></Error>", 200, "")]
    [InlineData(501, "<Error><Code>NotImplemented</Code></Error>", 200, "")]
    public async Task Where_the_store_does_not_tell_which_checksum_that_is(int told, string document, int status, string code)
    {
        await using var scene = await StoreScene.StartAsync(true);
        scene.Remote!.Put("bucket", "source", new byte[100]);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket")).Status);
        var upload = (await scene.SendAsync("POST", "/bucket/key?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        scene.Store.Take = context =>
        {
            if (context.Request.Method != "GET" || !context.Request.Query.ContainsKey("uploadId"))
            {
                return null;
            }

            context.Response.StatusCode = told;
            return context.Response.WriteAsync(document);
        };
        var copied = await scene.SendAsync("PUT", $"/bucket/key?partNumber=1&uploadId={upload}", null, ("x-amz-copy-source", "/bucket/source"));
        Assert.Equal((status, code), (copied.Status, copied.Code));
        Assert.Equal(status == 200, scene.Remote.Requests.Any(request => request is { Method: "GET", Key: "source" }));
    }
}
