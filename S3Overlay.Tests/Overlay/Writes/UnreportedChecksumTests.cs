using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// A part is copied from the remote into an upload whose checksum algorithm the store does not report. The part might be stored without a
/// checksum (rule W7).
/// </summary>
public sealed class UnreportedChecksumTests
{
    /// <summary>
    /// A part without the upload's checksum makes the whole upload worthless. So the part is not stored on a guess, and its source is not
    /// read.
    /// </summary>
    [Theory, Trait("Rule", "F"), Trait("Rule", "W7")]
    [InlineData(500, "<Error><Code>InternalError</Code></Error>", 503, "ServiceUnavailable")]
    [InlineData(503, "", 503, "ServiceUnavailable")]
    [InlineData(200, "<html>", 503, "ServiceUnavailable")]
    [InlineData(200, "<html/>", 503, "ServiceUnavailable")]
    [InlineData(404, "<Error><Code>NoSuchUpload</Code></Error>", 404, "NoSuchUpload")]
    [InlineData(404, "", 404, "NoSuchUpload")]
    [InlineData(403, "<Error><Code>AccessDenied</Code></Error>", 200, "")]
    [InlineData(501, "<Error><Code>NotImplemented</Code></Error>", 200, "")]
    public async Task If_the_store_does_not_report_the_checksum(int told, string document, int status, string code)
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
        var copied = await scene.SendAsync("PUT", $"/bucket/key?partNumber=1&uploadId={upload}", null,
            ("x-amz-copy-source", "/bucket/source"));
        Assert.Equal((status, code), (copied.Status, copied.Code));
        Assert.Equal(status == 200, scene.Remote.Requests.Any(request => request is { Method: "GET", Key: "source" }));
    }
}
