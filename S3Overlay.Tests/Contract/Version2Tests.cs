using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Signatures of version 2 over the wire; what exactly is signed is tested at the authenticator.</summary>
[Trait("Rule", "A1")]
public abstract class Version2Tests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    [Fact]
    public async Task Requests_come_in_with_a_header()
    {
        var bucket = await fixture.NewBucketAsync();
        var date = DateTime.UtcNow.ToString("r", CultureInfo.InvariantCulture);
        var put = await _http.SendUnsignedAsync(
            "PUT", $"/{bucket}/k", "v"u8.ToArray(), ("Content-Type", "text/plain"), ("Date", date),
            ("Authorization", Header($"PUT\n\ntext/plain\n{date}\n/{bucket}/k")));
        Assert.True(put.Status == 200, put.Text);
        var get = await _http.SendUnsignedAsync("GET", $"/{bucket}/k", null, ("Date", date),
            ("Authorization", Header($"GET\n\n\n{date}\n/{bucket}/k")));
        Assert.Equal((200, "v", "text/plain"), (get.Status, get.Text, get.Headers["Content-Type"]));
        var forged = await _http.SendUnsignedAsync("DELETE", $"/{bucket}/k", null, ("Date", date),
            ("Authorization", Header($"GET\n\n\n{date}\n/{bucket}/k")));
        Assert.Equal((403, "SignatureDoesNotMatch"), (forged.Status, forged.Code));
        Assert.Contains($"<StringToSign>DELETE\n\n\n{date}\n/{bucket}/k</StringToSign>", forged.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bucket_of_a_host_name_is_signed_too()
    {
        var bucket = await fixture.NewBucketAsync();
        await fixture.S3.PutObjectAsync(new() { BucketName = bucket, Key = "k", ContentBody = "v" });
        var http = new SignedHttp(fixture.Proxy.Endpoint) { Host = $"{bucket}.localhost:{fixture.Proxy.Port}" };
        Assert.Equal("v", (await http.SendUnsignedAsync("GET", "/k?" + Link($"GET\n\n\n9175139620\n/{bucket}/k"))).Text);
        Assert.Equal(403, (await http.SendUnsignedAsync("GET", "/k?" + Link("GET\n\n\n9175139620\n/k"))).Status);
    }

    [Fact]
    public async Task A_link_that_has_ended_is_refused()
    {
        var bucket = await fixture.NewBucketAsync();
        var response = await _http.SendUnsignedAsync("GET", $"/{bucket}/k?" + Link($"GET\n\n\n1175139620\n/{bucket}/k", "1175139620"));
        Assert.Equal((403, "AccessDenied"), (response.Status, response.Code));
        Assert.Contains("Request has expired", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await ProxyProcess.StartAsync(folder["data"], ("S3_OVERLAY_SIGV2", "false"));
        var http = new SignedHttp(proxy.Endpoint);
        Assert.Equal(200, (await http.SendAsync("PUT", "/bucket")).Status);
        var link = await http.SendUnsignedAsync("GET", "/bucket?" + Link("GET\n\n\n9175139620\n/bucket"));
        Assert.Equal((400, "InvalidRequest"), (link.Status, link.Code));
        Assert.Contains("AWS4-HMAC-SHA256", link.Text, StringComparison.Ordinal);
        var form = await new UploadForm().With("key", "k")
            .SignedV2("""{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "bucket"}, {"key": "k"}]}""")
            .SendAsync(http, "/bucket");
        Assert.Equal((400, "InvalidRequest"), (form.Status, form.Code));
    }

    private static string Header(string toSign) => "AWS minioadmin:" + Signature(toSign);

    private static string Link(string toSign, string expires = "9175139620") =>
        $"AWSAccessKeyId=minioadmin&Expires={expires}&Signature={Uri.EscapeDataString(Signature(toSign))}";

    private static string Signature(string toSign) =>
        Convert.ToBase64String(HMACSHA1.HashData("minioadmin"u8, Encoding.Latin1.GetBytes(toSign)));
}
