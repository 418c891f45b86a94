using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>Sample objects that the program itself stores in a test remote.</summary>
public sealed class SeedTests
{
    [Fact]
    public async Task An_endpoint_is_filled_once_and_nothing_else_is_left_in_it()
    {
        await using var store = await StoreServer.StartAsync();
        using var s3 = S3Clients.Create(store.Endpoint);
        var connection = $"Endpoint={store.Endpoint};AccessKey=minioadmin;SecretKey=minioadmin";

        var first = await SeedAsync(("ConnectionStrings__local", connection));
        var objects = (await s3.ListObjectsV2Async(new() { BucketName = "demo" })).S3Objects;
        var second = await SeedAsync(("ConnectionStrings__local", connection));
        var again = (await s3.ListObjectsV2Async(new() { BucketName = "demo" })).S3Objects;

        Assert.Equal((0, ""), (first.ExitCode, first.Errors));
        Assert.Equal(0, second.ExitCode);
        Assert.Equal(8, objects.Count);
        Assert.Equal(200 << 20, objects.Single(item => item.Key == "large/200MiB.bin").Size);
        Assert.Equal(objects.Select(item => (item.Key, item.ETag, item.LastModified)),
            again.Select(item => (item.Key, item.ETag, item.LastModified)));
        Assert.Equal(["demo"], (await s3.ListBucketsAsync()).Buckets.Select(bucket => bucket.BucketName));
        using var hello = await s3.GetObjectAsync("demo", "hello.txt");
        Assert.Equal(("hello from the remote\n", "text/plain"),
            (await new StreamReader(hello.ResponseStream).ReadToEndAsync(), hello.Headers.ContentType));
    }

    [Fact]
    public async Task The_built_in_store_is_filled_where_no_endpoint_is_named()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(0, (await SeedAsync(("S3_OVERLAY_DATA_DIR", folder["data"]), ("S3_OVERLAY_DURABLE", "false"))).ExitCode);

        await using var proxy = await ProxyProcess.StartAsync(folder["data"]);
        Assert.Equal("hello from the remote\n", (await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/demo/hello.txt")).Text);
    }

    [Fact]
    [Trait("Rule", "W1")]
    public async Task Where_a_remote_is_set_nothing_is_written_anywhere()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        using var folder = new TemporaryFolder();

        var refused = await SeedAsync(("S3_OVERLAY_REMOTE_ENDPOINT", remote.Endpoint.ToString().TrimEnd('/')),
            ("S3_OVERLAY_DATA_DIR", folder["data"]));

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("a remote is set", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(remote.Requests);
        Assert.False(Directory.Exists(folder["data"]));
    }

    [Theory]
    [InlineData(403, "AccessDenied")]
    [InlineData(503, "SlowDown")]
    public async Task A_store_that_refuses_ends_it_with_code_1(int status, string code)
    {
        await using var store = await StoreServer.StartAsync();
        store.Fail = request => request.Method == "PUT" && request.Path.StartsWithSegments("/demo") ? (status, code) : null;

        var refused = await SeedAsync(("S3_OVERLAY_LOCAL_ENDPOINT", store.Endpoint.ToString().TrimEnd('/')));

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"cannot fill local layer at {store.Endpoint}", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Errors, StringComparison.Ordinal);
    }

    private static Task<ToolResult> SeedAsync(params (string Name, string Value)[] settings) =>
        ProxyProgram.RunAsync(["seed"], settings);
}
