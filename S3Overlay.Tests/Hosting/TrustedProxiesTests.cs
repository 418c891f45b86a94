using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

/// <summary>
/// Forwarded headers (client address, host and scheme) count when they come from a trusted proxy, and not otherwise (rule A1).
/// </summary>
[Trait("Rule", "A1")]
public sealed class TrustedProxiesTests
{
    private const string Public = "s3.example.com:8443";

    [Theory]
    [InlineData("127.0.0.0/8", true)]
    [InlineData("10.0.0.1, 127.0.0.1", true)]
    [InlineData("10.0.0.0/8,fd00::/8,::1", false)]
    [InlineData(null, false)]
    public async Task The_host_that_a_client_signed_counts_only_from_a_trusted_proxy(string? trusted, bool counts)
    {
        await using var proxy = await StartAsync(trusted);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        var response = await SendAsync(proxy, "GET", "/bucket?list-type=2", null, ("X-Forwarded-Host", Public));
        Assert.Equal(counts ? (200, "") : (403, "SignatureDoesNotMatch"), (response.Status, response.Status == 200 ? "" : response.Code));

        // Another host than the signed one, or none.
        Assert.Equal(403, (await SendAsync(proxy, "GET", "/bucket?list-type=2", null, ("X-Forwarded-Host", "other.example.com"))).Status);
        Assert.Equal(403, (await SendAsync(proxy, "GET", "/bucket?list-type=2", null)).Status);

        // A proxy that keeps the host needs no trust, and a forged one gains nothing.
        Assert.Equal(counts ? 403
            : 200, (await proxy.SendAsync("GET", "/bucket?list-type=2", null, ("X-Forwarded-Host", "other.example.com"))).Status);
        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket?list-type=2")).Status);
    }

    [Fact]
    public async Task Host_style_buckets_and_addresses_in_responses_use_the_clients_host()
    {
        await using var proxy = await StartAsync("127.0.0.1", ("S3_OVERLAY_DOMAIN", "s3.example.com"));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/photos")).Status);
        (string, string)[] forwarded = [("X-Forwarded-Host", "photos." + Public), ("X-Forwarded-Proto", "https")];
        Assert.Equal(200, (await SendAsync(proxy, "PUT", "/k", "v"u8.ToArray(), forwarded)).Status);
        Assert.Equal("v", (await proxy.SendAsync("GET", "/photos/k")).Text);

        var upload = Regex.Match((await SendAsync(proxy, "POST", "/big?uploads", null, forwarded)).Text,
            "<UploadId>(.*)</UploadId>").Groups[1].Value;
        var part = await SendAsync(proxy, "PUT", $"/big?partNumber=1&uploadId={upload}", "v"u8.ToArray(), forwarded);
        var parts =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{part.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>";
        var done = await SendAsync(proxy, "POST", $"/big?uploadId={upload}", Encoding.UTF8.GetBytes(parts), forwarded);
        Assert.Contains($"<Location>https://photos.{Public}/big</Location>", done.Text);
    }

    [Theory]
    [InlineData("127.0.0.0/8", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.0/8", "203.0.113.7, 127.0.0.9", "203.0.113.7")]
    [InlineData("127.0.0.0/8", "198.51.100.1, 203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.0/8", "2001:db8::7", "2001:db8::7")]
    [InlineData("127.0.0.0/8", "no-address", "127.0.0.1")]
    [InlineData("127.0.0.0/8", null, "127.0.0.1")]
    [InlineData("10.0.0.0/8", "203.0.113.7", "127.0.0.1")]
    [InlineData(null, "203.0.113.7", "127.0.0.1")]
    public async Task Traces_have_the_clients_address_as_far_as_proxies_are_trusted(string? trusted, string? forwarded, string client)
    {
        await using var proxy = await StartAsync(trusted);
        using var spans = new SpanCollector();
        await proxy.SendAsync(
            "PUT", "/bucket", null, [spans.Header, .. forwarded is null ? [] : ((string, string)[])[("X-Forwarded-For", forwarded)]]);
        Assert.Equal(client, (await spans.OneAsync("S3.CreateBucket")).GetTagItem("client.address"));
    }

    [Fact]
    public async Task The_store_does_not_see_it()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null, null, ("S3_OVERLAY_TRUSTED_PROXIES", "127.0.0.1"),
            ("S3_OVERLAY_HOSTS", "s3.example.com"));
        var told = new ConcurrentBag<string>();
        store.Alter = request =>
        {
            foreach (var name in request.Headers.Keys)
            {
                told.Add(name);
            }
        };
        var response = await SendAsync(proxy, "PUT", "/bucket", null, ("X-Forwarded-Host", Public), ("X-Forwarded-For", "203.0.113.7"),
            ("X-Forwarded-Proto", "https"));
        Assert.Equal(200, response.Status);
        Assert.Contains("Host", told);
        Assert.DoesNotContain(told, name => name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("X-Original", StringComparison.OrdinalIgnoreCase));
    }

    private static Task<OverlayHost> StartAsync(string? trusted, params (string Name, string Value)[] settings) =>
        OverlayHost.StartEmbeddedAsync(null, [("S3_OVERLAY_HOSTS", "s3.example.com,other.example.com"), .. settings, .. trusted is null ? []
            : ((string, string)[])[("S3_OVERLAY_TRUSTED_PROXIES", trusted)]]);

    /// <summary>
    /// A request from a proxy that does not keep the host: signed for the public host (that of <c>X-Forwarded-Host</c> if it
    /// names a bucket), and with the proxy's own host in the Host header.
    /// </summary>
    private static Task<RawResponse> SendAsync(OverlayHost proxy, string method, string target, byte[]? body,
        params (string Name, string Value)[] headers)
    {
        var said = headers.FirstOrDefault(header => header.Name == "X-Forwarded-Host").Value;
        var host = said is not null && said.EndsWith(Public, StringComparison.Ordinal) ? said : Public;
        var client = new SignedHttp(proxy.Endpoint) { Host = host };
        var bytes = Encoding.Latin1.GetString(client.Signed(method, target, body, headers))
            .Replace($"\r\nHost: {host}\r\n", "\r\nHost: backend:9000\r\n", StringComparison.Ordinal);
        return client.SendBytesAsync(Encoding.Latin1.GetBytes(bytes));
    }
}
