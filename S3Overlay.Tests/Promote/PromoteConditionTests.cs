using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>What goes along with an object, and on which condition it is sent (rule P4).</summary>
[Trait("Rule", "P4")]
public sealed class PromoteConditionTests
{
    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task Storage_class_and_checksums_go_along(string layer)
    {
        await using var scene = await PromoteScene.StartAsync(layer);
        var sum = Convert.ToBase64String(SHA256.HashData("mine"u8));
        await scene.OkAsync("PUT", "/photos/k", "mine", ("x-amz-storage-class", "STANDARD_IA"), ("x-amz-checksum-sha256", sum));
        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k"));
        var sent = await scene.Http.SendAsync("HEAD", "/prod/p/k", null, ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal(("STANDARD_IA", sum), (sent.Headers.GetValueOrDefault("x-amz-storage-class"),
            sent.Headers.GetValueOrDefault("x-amz-checksum-sha256")));
    }

    [Theory]
    [InlineData("SHA256", "COMPOSITE")]
    [InlineData("CRC64NVME", "FULL_OBJECT")]
    public async Task Checksums_of_parts_go_along(string algorithm, string type)
    {
        await using var scene = await PromoteScene.StartAsync();
        var began = await scene.OkAsync("POST", "/photos/k?uploads", null, ("x-amz-checksum-algorithm", algorithm),
            ("x-amz-checksum-type", type));
        var upload = Regex.Match(began.Text, "<UploadId>([^<]+)").Groups[1].Value;
        var header = "x-amz-checksum-" + algorithm.ToLowerInvariant();
        var document = new StringBuilder();
        foreach (var (number, bytes) in ((int, byte[])[])[(1, new byte[5 << 20]), (2, "mine"u8.ToArray())])
        {
            (string, string)[] sums = algorithm == "SHA256" ? [(header, Convert.ToBase64String(SHA256.HashData(bytes)))] : [];
            var part = await scene.Proxy.Http.SendAsync("PUT", $"/photos/k?partNumber={number}&uploadId={upload}", bytes, sums);
            var sum = sums.Length == 0 ? "" : $"<ChecksumSHA256>{sums[0].Item2}</ChecksumSHA256>";
            document.Append(CultureInfo.InvariantCulture,
                $"<Part><PartNumber>{number}</PartNumber><ETag>{part.Headers["ETag"]}</ETag>{sum}</Part>");
        }

        await scene.OkAsync("POST", $"/photos/k?uploadId={upload}", $"<CompleteMultipartUpload>{document}</CompleteMultipartUpload>");
        var here = await scene.Proxy.SendAsync("HEAD", "/photos/k", null, ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k"));
        var there = await scene.Http.SendAsync("HEAD", "/prod/p/k", null, ("x-amz-checksum-mode", "ENABLED"));
        Assert.NotNull(here.Headers.GetValueOrDefault(header));
        Assert.Equal((here.Headers["ETag"], here.Headers[header], here.Headers.GetValueOrDefault("x-amz-checksum-type")),
            (there.Headers["ETag"], there.Headers.GetValueOrDefault(header), there.Headers.GetValueOrDefault("x-amz-checksum-type")));
    }

    [Fact]
    public async Task Parts_whose_numbers_leave_some_out_stay_parts()
    {
        await using var scene = await PromoteScene.StartAsync();
        var began = await scene.OkAsync("POST", "/photos/k?uploads");
        var upload = Regex.Match(began.Text, "<UploadId>([^<]+)").Groups[1].Value;
        var document = "";
        foreach (var (number, bytes) in ((int, byte[])[])[(3, new byte[(5 << 20) + 7]), (40, "mine"u8.ToArray())])
        {
            var part = await scene.Proxy.Http.SendAsync("PUT", $"/photos/k?partNumber={number}&uploadId={upload}", bytes);
            document += $"<Part><PartNumber>{number}</PartNumber><ETag>{part.Headers["ETag"]}</ETag></Part>";
        }

        await scene.OkAsync("POST", $"/photos/k?uploadId={upload}", $"<CompleteMultipartUpload>{document}</CompleteMultipartUpload>");
        var etag = (await scene.OkAsync("HEAD", "/photos/k")).Headers["ETag"];
        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k"));
        Assert.Equal(etag, (await scene.Http.SendAsync("HEAD", "/prod/p/k")).Headers["ETag"]);
        Assert.Equal("4", (await scene.Http.SendAsync("HEAD", "/prod/p/k?partNumber=40")).Headers["Content-Length"]);
    }

    /// <summary>The version that it saw last may be replaced, and no other.</summary>
    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Forced_it_replaces_no_version_that_came_after_its_look(string method)
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("k", "remote");
        await scene.OkAsync(method, "/photos/k", method == "PUT" ? "mine" : null);
        await scene.Http.SendAsync("PUT", "/prod/p/k", "newer"u8.ToArray());
        var others = 0;
        scene.Upstream.Before = async call =>
        {
            if (call.Method == method && call.Path == "/prod/p/k" && Interlocked.Increment(ref others) == 1)
            {
                await scene.Http.SendAsync("PUT", "/prod/p/k", "newest"u8.ToArray());
            }
        };

        Assert.Equal("3: conflict* k", await scene.RunJsonAsync("photos/k", "--delete", "--force"));
        Assert.Equal("newest", await scene.UpstreamAsync("k"));
        Assert.Equal("0: " + (method == "PUT" ? "sent k" : "deleted k"), await scene.RunJsonAsync("photos/k", "--delete", "--force"));
        Assert.Equal(method == "PUT" ? "mine" : null, await scene.UpstreamAsync("k"));
    }

    /// <summary>The remote sends no dates, and the key was never read here.</summary>
    [Fact]
    public async Task Where_it_cannot_be_known_whether_the_remote_changed_the_key_is_skipped_and_said()
    {
        await using var scene = await PromoteScene.StartAsync();
        scene.Upstream.Dress = static context => context.Response.Headers.Remove("Last-Modified");
        await scene.Http.SendAsync("PUT", "/prod/p/k", "remote"u8.ToArray());
        await scene.OkAsync("PUT", "/photos/k", "mine");
        Assert.Contains("\"upstream\":\"unknown\"", (await scene.Proxy.SendAsync("GET", "/-/v1/changes?bucket=photos&key=k")).Text,
            StringComparison.Ordinal);

        var result = await scene.RunAsync("photos/k");
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("photos/k: whether the remote has changed since cannot be known", result.Errors, StringComparison.Ordinal);
        Assert.Equal("remote", await scene.UpstreamAsync("k"));
        Assert.Equal("0: sent k", await scene.RunJsonAsync("photos/k", "--force"));
        Assert.Equal("mine", await scene.UpstreamAsync("k"));
    }

    [Fact]
    public async Task Deletes_need_unchecked_where_the_store_does_not_honour_conditions_of_deletes()
    {
        await using var scene = await PromoteScene.StartAsync();
        await scene.PutUpstreamAsync("gone", "remote");
        await scene.PutUpstreamAsync("over", "remote");
        await scene.OkAsync("DELETE", "/photos/gone");
        await scene.OkAsync("PUT", "/photos/over", "mine");
        scene.Upstream.Alter = static request =>
        {
            if (request.Method == "DELETE")
            {
                request.Headers.Remove("If-Match");
            }
        };

        var refused = await scene.RunAsync("photos", "--delete", "--yes");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("photos/gone: the store does not honour conditions on DELETE. If no other client writes there: --unchecked",
            refused.Errors, StringComparison.Ordinal);
        Assert.Equal(("remote", "mine"), (await scene.UpstreamAsync("gone"), await scene.UpstreamAsync("over")));
        Assert.Equal(["D gone"], await scene.ChangesAsync());

        Assert.Equal("0: deleted gone", await scene.RunJsonAsync("photos", "--delete", "--unchecked"));
        Assert.Null(await scene.UpstreamAsync("gone"));
    }
}
