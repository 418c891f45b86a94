using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// Copies from the remote with customer keys (SSE-C): the source's key goes to the remote, over TLS only, and the target's key to local.
/// </summary>
[Trait("Rule", "W4")]
public sealed class CustomerKeySourceTests
{
    [Theory, Trait("Rule", "T1"), Trait("Rule", "V1")]
    [InlineData(S3Operation.CopyObject, "", "")]
    [InlineData(S3Operation.CopyObject, "?versionId=null", "")]
    [InlineData(S3Operation.CopyObject, "?versionId=v1", "versionId=v1")]
    [InlineData(S3Operation.UploadPartCopy, "", "")]
    [InlineData(S3Operation.UploadPartCopy, "?versionId=v1", "versionId=v1")]
    public async Task Every_request_to_the_remote_carries_the_sources_key(S3Operation operation, string version, string asked)
    {
        var bench = await StartAsync("https://remote.test");
        await bench.SendAsync(operation, "mapped", "copy", "", PartOf(operation),
            [("x-amz-copy-source", "mapped/key" + version), .. CustomerKey.SourceHeaders()]);
        Assert.Equal("the bytes", operation == S3Operation.CopyObject ? await bench.GetAsync("mapped", "copy")
            : bench.Local.Text("parts", "1"));
        var reads = bench.Remote.Heads.Concat(bench.Remote.Gets).Where(
            static read => !read.Query.StartsWith("tagging", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, reads.Count);
        Assert.All(reads, read =>
        {
            Assert.Equal(asked, read.Query);
            Assert.Equal(CustomerKey.Headers(), read.Headers.Select(static header => (header.Key, header.Value)));
        });
        Assert.DoesNotContain(
            bench.Local.Requests.Where(static request => request.Operation != S3Operation.HeadObject)
                .SelectMany(static request => request.Headers),
            static header => header.Key.Contains("customer", StringComparison.OrdinalIgnoreCase));
    }

    [Theory, Trait("Rule", "T1")]
    [InlineData(S3Operation.CopyObject, "")]
    [InlineData(S3Operation.CopyObject, "?versionId=v1")]
    [InlineData(S3Operation.UploadPartCopy, "")]
    public async Task It_does_not_go_where_others_could_read_it(S3Operation operation, string version)
    {
        var bench = await StartAsync("http://remote.test");
        var refused = await bench.FailAsync(operation, "mapped", "copy", "", PartOf(operation),
            [("x-amz-copy-source", "mapped/key" + version), .. CustomerKey.SourceHeaders()]);
        Assert.Same(S3Errors.InvalidRequest, refused.Error);
        Assert.Empty(bench.Remote.Heads);
        Assert.Empty(bench.Remote.Gets);
    }

    [Fact]
    public async Task What_the_remote_has_not_is_absent_with_a_key_too()
    {
        var bench = await StartAsync("https://remote.test");
        (string, string)[] key = CustomerKey.SourceHeaders();
        Assert.Same(S3Errors.NoSuchKey, (await bench.FailAsync(S3Operation.CopyObject, "mapped", "copy",
            headers: [("x-amz-copy-source", "mapped/none"), .. key])).Error);
        Assert.Same(S3Errors.NoSuchVersion, (await bench.FailAsync(S3Operation.CopyObject, "mapped", "copy",
            headers: [("x-amz-copy-source", "mapped/none?versionId=v1"), .. key])).Error);
    }

    /// <summary>An upload that was started with a key accepts no part without it, and shows itself only to requests with the key.</summary>
    [Fact]
    public async Task The_targets_key_goes_with_a_part()
    {
        await using var scene = await StoreScene.StartAsync(true);
        scene.Remote.Put("bucket", "source", new byte[100]);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket")).Status);
        var upload = (await scene.SendAsync("POST", "/bucket/key?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        var owners = new List<string>();
        scene.Store.Take = context => context.Request.Query.ContainsKey("uploadId") ? AnswerAsync(context) : null;
        var target = $"/bucket/key?partNumber=1&uploadId={upload}";
        var refused = await scene.SendAsync("PUT", target, null, ("x-amz-copy-source", "/bucket/source"));
        Assert.Equal((400, "InvalidRequest"), (refused.Status, refused.Code));
        owners.Clear();
        var copied = await scene.SendAsync("PUT", target, null,
            [("x-amz-copy-source", "/bucket/source"), ("x-amz-expected-bucket-owner", "1234"), .. CustomerKey.Headers()]);
        Assert.True(copied.Status == 200, copied.Text);
        Assert.Contains("part", copied.Text.Split("<ETag>")[1].Split("</ETag>")[0], StringComparison.Ordinal);
        Assert.Equal("AES256", copied.Headers[ClientKeys.Algorithm]);
        Assert.Equal(["GET ", "PUT 1234"], owners);

        Task AnswerAsync(HttpContext context)
        {
            var request = context.Request;
            owners.Add($"{request.Method} {request.Headers["x-amz-expected-bucket-owner"]}");
            if (!CustomerKey.Headers().All(header => request.Headers[header.Name] == header.Value))
            {
                return ScriptedRemote.RespondErrorAsync(context, 400, "InvalidRequest");
            }

            if (request.Method == "GET")
            {
                return context.Response.WriteAsync("<ListPartsResult/>");
            }

            context.Response.Headers.ETag = "\"part\"";
            context.Response.Headers[ClientKeys.Algorithm] = "AES256";
            return request.Body.CopyToAsync(Stream.Null);
        }
    }

    private static async Task<OverlayBench> StartAsync(string endpoint)
    {
        var bench = new OverlayBench { HasRealReader = true };
        bench.Remote.Endpoint = endpoint;
        bench.Remote.Put("below", "key", "the bytes");
        await bench.Layer.EnsureBucketAsync("mapped", default);
        return bench;
    }

    private static string PartOf(S3Operation operation) => operation == S3Operation.UploadPartCopy ? "partNumber=1&uploadId=u" : "";
}
