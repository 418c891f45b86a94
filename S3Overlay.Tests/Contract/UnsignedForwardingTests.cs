using System.Net;
using System.Net.Sockets;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>
/// Unsigned requests in front of an S3 endpoint without a remote. They are forwarded unsigned, and the store decides (rule A3). This store
/// accepts everything.
/// </summary>
public sealed class UnsignedForwardingTests(UnsignedForwardingTests.Servers servers) : IClassFixture<UnsignedForwardingTests.Servers>
{
    private readonly HttpClient _http = servers.Http;
    private readonly ProxyProcess _store = servers.Store;
    private readonly ProxyProcess _proxy = servers.Proxy;

    [Fact]
    [Trait("Rule", "A3")]
    public async Task Requests_and_forms_reach_the_store()
    {
        using var put = await _http.PutAsync(new Uri(_proxy.Endpoint, "/bucket/k"), new StringContent("v"));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal("v", await _http.GetStringAsync(new Uri(_proxy.Endpoint, "/bucket/k")));

        using var form = new MultipartFormDataContent { { new StringContent("from-a-form"), "key" },
            { new ByteArrayContent("file"u8.ToArray()), "file", "f" } };
        using var posted = await _http.PostAsync(new Uri(_proxy.Endpoint, "/bucket"), form);
        Assert.Equal(HttpStatusCode.NoContent, posted.StatusCode);
        Assert.Equal("file", await _http.GetStringAsync(new Uri(_proxy.Endpoint, "/bucket/from-a-form")));
    }

    /// <summary>Current SDKs frame uploads because of the trailing checksum, even without keys.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(100_000)]
    [Trait("Rule", "A3")]
    [Trait("Rule", "W7")]
    public async Task Of_a_framed_upload_the_frames_do_not_become_the_object(int size)
    {
        var body = new byte[size];
        new Random(size).NextBytes(body);
        var checksum = ChecksumHasher.Compute(ChecksumAlgorithm.Crc32, body).Value;
        var put = await new SignedHttp(_proxy.Endpoint).SendUnsignedAsync(
            "PUT",
            $"/bucket/framed-{size}",
            [.. Encoding.ASCII.GetBytes($"{size:x}\r\n"), .. body, .. Encoding.ASCII
                .GetBytes($"\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n")],
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-decoded-content-length", $"{size}"),
            ("Content-Encoding", "aws-chunked"));
        Assert.Equal(200, put.Status);
        var read = await new SignedHttp(_store.Endpoint).SendUnsignedAsync(
            "GET", $"/bucket/framed-{size}", null, ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal(body, read.Body);
        Assert.Equal(checksum, read.Headers["x-amz-checksum-crc32"]);
    }

    [Fact]
    [Trait("Rule", "A3")]
    public async Task A_small_body_gets_100_Continue_once_the_store_asks_for_it()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_proxy.Endpoint.Host, _proxy.Endpoint.Port, limit.Token);
        await socket.SendAsync("PUT /bucket/waited HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"u8.ToArray(),
            limit.Token);
        var response = new byte[4096];
        var read = await socket.ReceiveAsync(response, limit.Token);
        Assert.StartsWith("HTTP/1.1 100", Encoding.Latin1.GetString(response, 0, read), StringComparison.Ordinal);
        await socket.SendAsync("small"u8.ToArray(), limit.Token);
        read = await socket.ReceiveAsync(response, limit.Token);
        Assert.StartsWith("HTTP/1.1 200", Encoding.Latin1.GetString(response, 0, read), StringComparison.Ordinal);
        Assert.Equal("small", await _http.GetStringAsync(new Uri(_proxy.Endpoint, "/bucket/waited")));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1024)]
    [InlineData(5000)]
    [Trait("Rule", "A3")]
    public async Task The_body_of_a_refused_write_is_not_requested(int length)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        store.ForgetCalls();

        // No byte of the body is sent. A proxy that waited for it would wait for ever.
        var refused = await proxy.Http.SendUnsignedAsync("PUT", "/bucket/k", null, ("Expect", "100-continue"),
            ("Content-Length", $"{length}"));
        Assert.Equal((403, "AccessDenied"), (refused.Status, refused.Code));
        Assert.Equal(403, Assert.Single(store.Calls).Status);
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    /// <summary>A browser sends the preflight to the address it is going to use, whose signature is for another method.</summary>
    [Fact]
    [Trait("Rule", "A3")]
    public async Task The_store_responds_to_a_preflight_regardless_of_its_signature()
    {
        using var s3 = S3Clients.Create(_proxy.Endpoint);
        var link = await s3.GetPreSignedURLAsync(
            new() { BucketName = "bucket", Key = "k", Expires = DateTime.UtcNow.AddHours(1), Protocol = Amazon.S3.Protocol.HTTP });
        using var request = new HttpRequestMessage(HttpMethod.Options, link);
        request.Headers.Add("Origin", "http://page.example");
        request.Headers.Add("Access-Control-Request-Method", "GET");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    /// <summary>The store, and the proxy in front of it, with one bucket.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public HttpClient Http { get; } = new();

        public ProxyProcess Store { get; private set; } = null!;

        public ProxyProcess Proxy { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Store = await ProxyProcess.StartAsync(_folder["data"], ("S3_OVERLAY_AUTH", "none"), ("S3_OVERLAY_CORS", "true"));
            Proxy = await ProxyProcess.StartAsync(_folder["unused"], ("S3_OVERLAY_LOCAL_ENDPOINT", Store.Endpoint.ToString()),
                ("S3_OVERLAY_CORS", "true"));
            using var s3 = S3Clients.Create(Proxy.Endpoint);
            await s3.PutBucketAsync("bucket");
        }

        public async Task DisposeAsync()
        {
            Http.Dispose();
            await Proxy.DisposeAsync();
            await Store.DisposeAsync();
            _folder.Dispose();
        }
    }
}
