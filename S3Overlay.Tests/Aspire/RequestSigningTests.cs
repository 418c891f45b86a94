using System.Net;

using S3Overlay.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Aspire;

/// <summary>Requests of an application host's commands, against a proxy that checks their signatures.</summary>
public sealed class RequestSigningTests(LocalOnlyFixture overlay) : IClassFixture<LocalOnlyFixture>
{
    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "?x-id=ListBuckets&max-buckets=5")]
    public async Task A_signed_request_comes_in(string method, string query)
    {
        using var response = await SendAsync(method, query, "minioadmin", DateTimeOffset.UtcNow);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_wrong_secret_does_not() => await AssertRefusedAsync("SignatureDoesNotMatch", "wrong", DateTimeOffset.UtcNow);

    [Fact]
    public async Task Yesterdays_signature_does_not_work() =>
        await AssertRefusedAsync("RequestTimeTooSkewed", "minioadmin", DateTimeOffset.UtcNow.AddDays(-1));

    private async Task AssertRefusedAsync(string code, string secret, DateTimeOffset now)
    {
        using var response = await SendAsync("GET", "", secret, now);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains($"<Code>{code}</Code>", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string query, string secret, DateTimeOffset now)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new(method), new Uri(overlay.Proxy.Endpoint, "/" + query));
        RequestSigning.Sign(request, "minioadmin", secret, now);
        return await http.SendAsync(request);
    }
}
