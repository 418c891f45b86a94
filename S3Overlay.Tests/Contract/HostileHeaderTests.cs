using System.Text;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Requests that two servers in a row could parse differently, or that are larger than S3 allows, over a socket.</summary>
[Trait("Rule", "A1")]
public sealed class HostileHeaderTests(LocalOnlyFixture fixture) : IClassFixture<LocalOnlyFixture>
{
    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    /// <summary>RFC 9110, section 8.6: Content-Length consists of digits only.</summary>
    [Theory]
    [InlineData("+5")]
    [InlineData("-5")]
    [InlineData("5 ,5")]
    [InlineData("0x5")]
    [InlineData("")]
    [InlineData("9223372036854775808")]
    [InlineData(
        "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111")]
    public async Task A_length_that_is_no_number_is_refused_with_a_response(string length)
    {
        var response = await _http
            .SendBytesAsync(Encoding.Latin1.GetBytes($"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\nhello"));
        Assert.Equal((400, "close"), (response.Status, response.Headers["Connection"]));
    }

    [Fact]
    public async Task A_length_of_300_digits_is_no_failure_of_the_web_server()
    {
        var response = await _http.SendBytesAsync(
            Encoding.Latin1.GetBytes($"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: {new string('1', 300)}\r\n\r\nhello"));
        Assert.Equal((400, "close"), (response.Status, response.Headers["Connection"]));
        Assert.DoesNotContain("Kestrel", fixture.Proxy.Output, StringComparison.Ordinal);
    }

    /// <summary>RFC 9112, section 2.2: a line ends with CR and LF. A second request could be hidden behind a bare LF.</summary>
    [Theory]
    [InlineData("PUT /b/k HTTP/1.1\r\nHost: h\r\nx-a: b\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("PUT /b/k HTTP/1.1\r\nHost: h\r\nx-amz-meta-a: b\nc\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("GET /b/k HTTP/1.1\nHost: h\r\n\r\n")]
    [InlineData("GET /b/k HTTP/1.1\r\nHost: h\n\n")]
    public async Task A_bare_line_feed_ends_no_line(string request)
    {
        var response = await _http.SendBytesAsync(Encoding.Latin1.GetBytes(request));
        Assert.Equal((400, "close"), (response.Status, response.Headers["Connection"]));
    }

    /// <summary>8 KB of headers: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html.</summary>
    [Theory]
    [InlineData(7, 1000, 200)]
    [InlineData(9, 1000, 400)]
    [InlineData(64, 1024, 400)]
    [InlineData(1, 65_536, 400)]
    public async Task More_headers_than_S3_takes_are_refused(int count, int length, int status)
    {
        var bucket = await fixture.NewBucketAsync();
        var headers = Enumerable.Range(0, count).Select(i => ($"x-h{i}", new string('a', length - 4))).ToArray();
        var response = await _http.SendAsync("GET", "/" + bucket, null, headers);
        Assert.Equal((status, status == 200 ? "" : "RequestHeaderSectionTooLarge"), (response.Status, response.Code));
    }

    [Theory]
    [InlineData("X-Amz-Signature", "0000000000000000000000000000000000000000000000000000000000000000", 400)]
    [InlineData("X-Amz-Credential", "minioadmin%2F20130524%2Fus-east-1%2Fs3%2Faws4_request", 400)]
    [InlineData("X-Amz-Expires", "604800", 400)]
    [InlineData("Signature", "AAAA", 400)]
    [InlineData("AWSAccessKeyId", "minioadmin", 400)]
    public async Task A_link_is_signed_once(string name, string value, int status)
    {
        var bucket = await fixture.NewBucketAsync();
        Assert.Equal(200, (await _http.SendAsync("PUT", $"/{bucket}/k", "v"u8.ToArray())).Status);
        var signer = new RequestSigner(new SigningCredentials("minioadmin", "minioadmin"), "us-east-1");
        var query = signer.Presign("GET", _http.Host, $"/{bucket}/k", "", [], DateTimeOffset.UtcNow, TimeSpan.FromHours(1));
        Assert.Equal(200, (await _http.SendUnsignedAsync("GET", $"/{bucket}/k?{query}")).Status);
        foreach (var both in new[] { $"{query}&{name}={value}", $"{name}={value}&{query}" })
        {
            Assert.Equal(status, (await _http.SendUnsignedAsync("GET", $"/{bucket}/k?{both}")).Status);
        }
    }

    [Fact]
    public async Task A_link_of_version_2_is_signed_once()
    {
        var bucket = await fixture.NewBucketAsync();
        Assert.Equal(200, (await _http.SendAsync("PUT", $"/{bucket}/k", "v"u8.ToArray())).Status);
        var expires = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        var signature = Convert.ToBase64String(System.Security.Cryptography.HMACSHA1
            .HashData("minioadmin"u8, Encoding.UTF8.GetBytes($"GET\n\n\n{expires}\n/{bucket}/k")));
        var query = $"AWSAccessKeyId=minioadmin&Expires={expires}&Signature={Uri.EscapeDataString(signature)}";
        Assert.Equal(200, (await _http.SendUnsignedAsync("GET", $"/{bucket}/k?{query}")).Status);
        foreach (var more in new[] { "Signature=AAAA", "AWSAccessKeyId=other", "Expires=1" })
        {
            var response = await _http.SendUnsignedAsync("GET", $"/{bucket}/k?{query}&{more}");
            Assert.Equal((403, "AccessDenied"), (response.Status, response.Code));
        }
    }

    [Theory]
    [InlineData("PUT", "k?partNumber=1%00&uploadId=00000000000000000000000000000000")]
    [InlineData("GET", "k?partNumber=1%00")]
    [InlineData("GET", "?list-type=2&max-keys=1%00")]
    [InlineData("GET", "?versions&max-keys=1%00")]
    [InlineData("GET", "?uploads&max-uploads=1%00")]
    [InlineData("GET", "k?uploadId=00000000000000000000000000000000&max-parts=1%00")]
    public async Task A_number_ends_with_its_last_digit(string method, string target)
    {
        var bucket = await fixture.NewBucketAsync();
        Assert.Equal(200, (await _http.SendAsync("PUT", $"/{bucket}/k", "v"u8.ToArray())).Status);
        var upload = (await _http.SendAsync("POST", $"/{bucket}/k?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        var response = await _http.SendAsync(method, $"/{bucket}/{target.Replace(new string('0', 32), upload, StringComparison.Ordinal)}",
            method == "PUT" ? [1] : null);
        Assert.Equal((400, "InvalidArgument"), (response.Status, response.Code));
    }
}
