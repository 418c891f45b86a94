using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>Signatures and bodies as real clients make them, through a real server.</summary>
[Trait("Rule", "A1")]
public abstract class SigningTests
{
    /// <summary>Keys in which clients differ: in encoding, signing and normalisation.</summary>
    public static readonly TheoryData<string> Keys =
        ["plain", "a b+c", "ünïcödé/日本", "a//b", "a/../b", "./a", "100%/a%2Fb", "!'()*~@:$&=,;", "trailing/", "\ud83d\ude00"];

    protected static readonly byte[] Bytes = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7))];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task TheDotNetSdkPutsAndGetsAnyKey(string key)
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        using var client = S3Clients.Create(server.Endpoint, SigningServer.AccessKey, SigningServer.SecretKey);

        await client.PutObjectAsync(new PutObjectRequest { BucketName = "bucket", Key = key, InputStream = new MemoryStream(Bytes) });
        using var response = await client.GetObjectAsync("bucket", key);
        await client.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = "bucket", Prefix = key, Delimiter = "/", StartAfter = key });

        Assert.Equal(Bytes.Length, response.ContentLength);
        Assert.Empty(server.Refusals);
        Assert.Equal(Bytes, Assert.Single(server.Objects).Value.Bytes);
    }

    [Theory]
    [InlineData("CRC32")]
    [InlineData("SHA1")]
    [InlineData("SHA256")]
    public async Task TheDotNetSdksTrailersAreVerified(string algorithm)
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        using var client = S3Clients.Create(server.Endpoint, SigningServer.AccessKey, SigningServer.SecretKey);
        var request = new PutObjectRequest
        {
            BucketName = "bucket",
            Key = "key",
            InputStream = new MemoryStream(Bytes),
            ChecksumAlgorithm = Amazon.S3.ChecksumAlgorithm.FindValue(algorithm),
        };
        request.Metadata["color"] = "red  wine ";
        await client.PutObjectAsync(request);

        var stored = Assert.Single(server.Objects).Value;
        Assert.True(ChecksumNames.TryParseName(algorithm, out var named));
        Assert.Equal(ChecksumHasher.Compute(named, Bytes), stored.Checksum);
        Assert.Equal("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", stored.Headers["x-amz-content-sha256"]);
        Assert.Equal(Bytes, stored.Bytes);
    }

    [Fact]
    public async Task UrlsPresignedByTheDotNetSdkWork()
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        using var client = S3Clients.Create(server.Endpoint, SigningServer.AccessKey, SigningServer.SecretKey);
        using var http = NewClient();
        foreach (var (verb, method) in new[] { (HttpVerb.PUT, HttpMethod.Put), (HttpVerb.GET, HttpMethod.Get) })
        {
            var url = client.GetPreSignedURL(new GetPreSignedUrlRequest
            {
                BucketName = "bucket",
                Key = "a b/ü",
                Verb = verb,
                Protocol = IsSecure ? Amazon.S3.Protocol.HTTPS : Amazon.S3.Protocol.HTTP,
                Expires = DateTime.UtcNow.AddMinutes(5),
            });
            using var request = new HttpRequestMessage(method, url) { Version = http.DefaultRequestVersion,
                VersionPolicy = http.DefaultVersionPolicy, Content = verb == HttpVerb.PUT ? new ByteArrayContent(Bytes) : null };
            using var response = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(Bytes, Assert.Single(server.Objects).Value.Bytes);
    }

    [Fact]
    public async Task AWrongSecretIsToldToTheClient()
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        using var client = S3Clients.Create(server.Endpoint, SigningServer.AccessKey, "wrong");

        var refusal = await Assert.ThrowsAsync<AmazonS3Exception>(() => client
            .ListObjectsV2Async(new ListObjectsV2Request { BucketName = "bucket" }));

        Assert.Equal("SignatureDoesNotMatch", refusal.ErrorCode);
    }

    [Fact]
    public async Task OurOwnSignerIsUnderstood()
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        using var http = NewClient();
        var signer = new RequestSigner(new SigningCredentials(SigningServer.AccessKey, SigningServer.SecretKey), "eu-south-2");
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(server.Endpoint, "/bucket/key%20a?x-id=PutObject"))
            { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy, Content = new ByteArrayContent(Bytes) };
        var signed = signer.Sign("PUT", server.Endpoint.Authority, "/bucket/key%20a", "x-id=PutObject", [], SigV4.UnsignedPayload,
            DateTimeOffset.UtcNow);
        foreach (var (name, value) in signed.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task MetadataInThePresignedQueryIsMetadata()
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        using var http = NewClient();
        var signer = new RequestSigner(new SigningCredentials(SigningServer.AccessKey, SigningServer.SecretKey), "us-east-1");
        var query = signer.Presign(
            "PUT", server.Endpoint.Authority, "/bucket/key", "x-amz-meta-color=r%C3%B6d", [], DateTimeOffset.UtcNow,
            TimeSpan.FromMinutes(1));
        using var body = new ByteArrayContent(Bytes);

        using var response = await http.PutAsync(new Uri(server.Endpoint, "/bucket/key?" + query), body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("röd", HeaderText.ToText(Assert.Single(server.Objects).Value.Headers["x-amz-meta-color"]));
    }

    [Theory]
    [InlineData(SigV4.UnsignedPayload, "0123456789")]
    [InlineData(SigV4.StreamingUnsignedPayloadTrailer, "a\r\n0123456789\r\n")]
    [InlineData(SigV4.StreamingUnsignedPayloadTrailer, "ffff\r\n0123456789")]
    public async Task AConnectionThatEndsInABodyIsAnIncompleteBody(string payload, string sent)
    {
        await using var server = await SigningServer.StartAsync(IsSecure);
        var signer = new RequestSigner(new SigningCredentials(SigningServer.AccessKey, SigningServer.SecretKey), "us-east-1");
        KeyValuePair<string, string>[] headers = [new("x-amz-decoded-content-length", "65535")];
        var signed = signer.Sign("PUT", server.Endpoint.Authority, "/bucket/key", "", headers, payload, DateTimeOffset.UtcNow);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Endpoint.Port);
        var lines = headers.Concat(signed.Headers).Select(header => $"{header.Key}: {header.Value}\r\n");
        await using var stream = IsSecure ? new SslStream(client.GetStream()) : (Stream)client.GetStream();
        await (stream is SslStream secure ? secure.AuthenticateAsClientAsync(TestCertificate.Trusting("")) : Task.CompletedTask);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"PUT /bucket/key HTTP/1.1\r\nHost: {server.Endpoint.Authority}\r\nContent-Length: 70000\r\n{string.Concat(lines)}\r\n{sent}"));
        client.Client.Shutdown(SocketShutdown.Send);

        // Kestrel may cancel the request or break the body, whichever it sees first: the end of the body is what must not come.
        var failure = await server.FirstFailure.WaitAsync(Patience.Limit);
        Assert.True(failure is OperationCanceledException or S3Exception { Error.Code: "IncompleteBody" }, failure.ToString());
        Assert.Empty(server.Objects);
    }

    /// <summary>Whether the server uses TLS, and HTTP/2 for clients that support it.</summary>
    protected virtual bool IsSecure => false;

    private HttpClient NewClient() => new(new SocketsHttpHandler { SslOptions = TestCertificate.Trusting(""), UseProxy = false })
    {
        DefaultRequestVersion = IsSecure ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
