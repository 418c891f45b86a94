using System.IO.Compression;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Stores that compress documents for clients that accept it, as MinIO does from 1000 bytes on.</summary>
public sealed class CompressedResponseTests
{
    private static readonly (string, string) Accepts = ("Accept-Encoding", "gzip, deflate, br");

    [Fact, Trait("Rule", "T1")]
    public async Task The_result_of_an_upload_stays_readable()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        var asked = new List<string>();
        store.Alter = request =>
        {
            if (request.Method == "POST")
            {
                asked.Add(request.Headers.AcceptEncoding.ToString());
            }
        };
        await proxy.SendAsync("PUT", "/bucket");
        var upload = (await proxy.SendAsync("POST", "/bucket/up?uploads", null, Accepts)).Text.Split("<UploadId>")[1].Split('<')[0];
        var part = await proxy.SendAsync("PUT", $"/bucket/up?partNumber=1&uploadId={upload}", "part");
        var done = await proxy.SendAsync(
            "POST",
            $"/bucket/up?uploadId={upload}",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{part.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>",
            Accepts);
        Assert.Contains($"<Location>http://{proxy.Endpoint.Authority}/bucket/up</Location>", done.Text, StringComparison.Ordinal);
        Assert.Equal(["identity", "identity"], asked);
    }

    /// <summary>A store may compress a response although the proxy did not ask for it. The client then has to decompress it.</summary>
    [Fact, Trait("Rule", "T1")]
    public async Task A_result_that_is_compressed_all_the_same_passes_as_it_is()
    {
        var document = Compressed("<CompleteMultipartUploadResult><Location>http://store/</Location></CompleteMultipartUploadResult>");
        await using var store = await StoreServer.StartAsync();
        store.Take = context =>
        {
            if (context.Request.Method != "POST")
            {
                return null;
            }

            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(document).AsTask();
        };
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        var done = await proxy.SendAsync("POST", "/bucket/up?uploadId=u", "<CompleteMultipartUpload/>", Accepts);
        Assert.Equal("gzip", done.Headers["Content-Encoding"]);
        Assert.Equal(document, done.Body);
    }

    [Theory, Trait("Rule", "R3")]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task That_a_key_is_absent_is_read_from_a_compressed_error(string coding)
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "remote", "of the remote"u8.ToArray());
        await scene.Proxy.SendAsync("PUT", "/bucket");
        scene.Store.Take = context => context.Request.Method == "GET" && context.Request.Path == "/bucket/remote"
            ? AnswerAsync(context, coding) : null;
        Assert.Equal("of the remote", (await scene.Proxy.SendAsync("GET", "/bucket/remote", null, Accepts)).Text);
    }

    [Fact, Trait("Rule", "T1")]
    public async Task A_compressed_error_of_another_kind_passes_as_it_is()
    {
        await using var scene = await StoreScene.StartAsync();
        await scene.Proxy.SendAsync("PUT", "/bucket");
        scene.Store.Take = context => context.Request.Method == "GET" && context.Request.Path == "/bucket/k"
            ? AnswerAsync(context, "gzip", "NoSuchTagSet") : null;
        var response = await scene.Proxy.SendAsync("GET", "/bucket/k?tagging", null, Accepts);
        Assert.Equal((404, "gzip"), (response.Status, response.Headers["Content-Encoding"]));
        Assert.Equal(Compressed(Error("NoSuchTagSet")), response.Body);
    }

    private static string Error(string code) => $"<Error><Code>{code}</Code><Key>{new string('k', 2000)}</Key></Error>";

    private static async Task AnswerAsync(HttpContext context, string coding, string code = "NoSuchKey")
    {
        context.Response.StatusCode = 404;
        context.Response.ContentType = "application/xml";
        context.Response.Headers.ContentEncoding = coding;
        await context.Response.Body.WriteAsync(Compressed(Error(code), coding));
    }

    private static byte[] Compressed(string document, string coding = "gzip")
    {
        using var result = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(result, CompressionLevel.Fastest),
            "br" => new BrotliStream(result, CompressionLevel.Fastest),
            _ => new ZLibStream(result, CompressionLevel.Fastest),
        })
        {
            stream.Write(Encoding.UTF8.GetBytes(document));
        }

        return result.ToArray();
    }
}
