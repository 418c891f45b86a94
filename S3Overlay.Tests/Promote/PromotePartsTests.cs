using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>Objects that were written in parts are sent in these parts, and go on where they stopped (rule P4).</summary>
[Trait("Rule", "P4")]
public sealed class PromotePartsTests
{
    private const int PartSize = 5 << 20;
    private static readonly byte[][] Parts = [Bytes(1, PartSize), Bytes(2, PartSize + 1000), Bytes(3, 77)];

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task An_object_keeps_its_parts_and_its_etag(string layer)
    {
        await using var scene = await PromoteScene.StartAsync(layer);
        var etag = await WriteAsync(scene);
        Assert.Equal("0: sent big", await scene.RunJsonAsync("photos/big", "--transfers", "2"));
        var sent = await scene.Http.SendAsync("GET", "/prod/p/big");
        Assert.Equal(Parts.SelectMany(static part => part).ToArray(), sent.Body);
        Assert.Equal((etag, "text/x-big", "1"), (sent.Headers["ETag"], sent.Headers["Content-Type"], sent.Headers["x-amz-meta-a"]));
        Assert.Equal($"{Parts[1].Length}",
            (await scene.Http.SendAsync("HEAD", "/prod/p/big?partNumber=2")).Headers["Content-Length"]);
        Assert.Empty(await scene.ChangesAsync());
        Assert.Equal(["p/big"], await scene.KeysAsync());
        Assert.Empty(await OpenUploadsAsync(scene));
        Assert.Empty(Directory.GetFiles(scene.State, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_upload_that_failed_goes_on_where_it_stopped()
    {
        await using var scene = await PromoteScene.StartAsync();
        var etag = await WriteAsync(scene);
        scene.Upstream.Refuse = static request => request.Method == "PUT" && request.Path == "/prod/p/big"
            && request.Query["partNumber"] == "3" ? 400 : null;
        Assert.Equal("1: failed* big", await scene.RunJsonAsync("photos/big", "--transfers", "1"));
        Assert.Equal(["A big"], await scene.ChangesAsync());
        Assert.Single(await OpenUploadsAsync(scene));

        scene.Upstream.Refuse = null;
        scene.Upstream.ForgetCalls();
        Assert.Equal("0: sent big", await scene.RunJsonAsync("photos/big", "--transfers", "1"));
        Assert.Equal(["3"], PartsSent(scene));
        Assert.Equal(etag, (await scene.Http.SendAsync("HEAD", "/prod/p/big")).Headers["ETag"]);
        Assert.Empty(await scene.ChangesAsync());
        Assert.Empty(await OpenUploadsAsync(scene));
    }

    [Fact]
    public async Task Ctrl_C_stops_cleanly_and_a_newer_version_is_sent_from_its_start()
    {
        await using var scene = await PromoteScene.StartAsync();
        await WriteAsync(scene);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Upstream.Before = call =>
        {
            if (call.Method == "PUT" && call.Path == "/prod/p/big" && call.Query.StartsWith("partNumber=2", StringComparison.Ordinal))
            {
                reached.TrySetResult();
                return Task.Delay(Timeout.Infinite);
            }

            return Task.CompletedTask;
        };
        using (var process = scene.Start("photos/big", "--transfers", "1"))
        {
            await reached.Task.WaitAsync(Patience.Limit);
            using (var kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync();
            }

            var stopped = await PromoteScene.EndAsync(process);
            Assert.Equal(130, stopped.ExitCode);
            Assert.Contains("Stopped.", stopped.Errors, StringComparison.Ordinal);
        }

        scene.Upstream.Before = null;
        Assert.Equal(["A big"], await scene.ChangesAsync());
        var etag = await WriteAsync(scene, "newer");
        scene.Upstream.ForgetCalls();
        Assert.Equal("0: sent big", await scene.RunJsonAsync("photos/big", "--transfers", "1"));
        Assert.Equal(["1", "2", "3"], PartsSent(scene));
        var sent = await scene.Http.SendAsync("HEAD", "/prod/p/big");
        Assert.Equal((etag, "newer"), (sent.Headers["ETag"], sent.Headers["x-amz-meta-a"]));
        Assert.Empty(await OpenUploadsAsync(scene));
    }

    [Fact]
    public async Task A_change_of_the_remote_while_parts_are_sent_is_a_conflict()
    {
        await using var scene = await PromoteScene.StartAsync();
        await WriteAsync(scene);
        scene.Upstream.Before = async call =>
        {
            if (call.Method == "POST" && call.Path == "/prod/p/big" && call.Query.StartsWith("uploadId", StringComparison.Ordinal))
            {
                await scene.Http.SendAsync("PUT", "/prod/p/big", "another client's"u8.ToArray());
            }
        };
        Assert.Equal("3: conflict* big", await scene.RunJsonAsync("photos/big"));
        Assert.Equal("another client's", await scene.UpstreamAsync("big"));
        Assert.Empty(await OpenUploadsAsync(scene));
    }

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static string[] PartsSent(PromoteScene scene) => [.. scene.Upstream.Calls
        .Where(static call => call is { Method: "PUT", Path: "/prod/p/big" })
        .Select(static call => Regex.Match(call.Query, "partNumber=([0-9]+)").Groups[1].Value)];

    private static async Task<string[]> OpenUploadsAsync(PromoteScene scene) => [.. Regex.Matches(
        (await scene.Http.SendAsync("GET", "/prod?uploads")).Text, "<UploadId>([^<]+)").Select(static upload => upload.Groups[1].Value)];

    /// <summary>Writes the object through the proxy, and returns its ETag.</summary>
    private static async Task<string> WriteAsync(PromoteScene scene, string meta = "1")
    {
        var began = await scene.OkAsync("POST", "/photos/big?uploads", null, ("Content-Type", "text/x-big"), ("x-amz-meta-a", meta));
        var upload = Regex.Match(began.Text, "<UploadId>([^<]+)").Groups[1].Value;
        var document = "";
        for (var at = 0; at < Parts.Length; at++)
        {
            var part = await scene.Proxy.Http.SendAsync("PUT", $"/photos/big?partNumber={at + 1}&uploadId={upload}", Parts[at]);
            Assert.Equal(200, part.Status);
            document += $"<Part><PartNumber>{at + 1}</PartNumber><ETag>{part.Headers["ETag"]}</ETag></Part>";
        }

        var completed = await scene.OkAsync("POST", $"/photos/big?uploadId={upload}",
            $"<CompleteMultipartUpload>{document}</CompleteMultipartUpload>");
        return Regex.Match(completed.Text, "<ETag>([^<]+)").Groups[1].Value.Replace("&quot;", "\"", StringComparison.Ordinal);
    }
}
