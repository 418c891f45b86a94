using System.Net;
using System.Text;

namespace S3Overlay.Tests.Support;

/// <summary>Requests over HTTP/2 and TLS. Targets go out exactly as given.</summary>
internal static class Http2Client
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        SslOptions = TestCertificate.Trusting(""),
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    })
    {
        Timeout = Patience.Limit,
    };

    /// <summary>Sends a request and returns the response.</summary>
    /// <param name="host">What the request names as its host.</param>
    /// <param name="hasLength">Whether the headers say how long the body is.</param>
    public static async Task<RawResponse> SendAsync(
        Uri endpoint, string host, string method, string target, byte[]? body, bool hasLength, (string Name, string Value)[] headers)
    {
        var uri = new Uri(endpoint.GetLeftPart(UriPartial.Authority) + target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(method), uri)
            { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Host = host;
        if (body is not null)
        {
            request.Content = hasLength ? new ByteArrayContent(body) : new StreamContent(new SlicedStream(body, static _ => 65536));
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await Client.SendAsync(request);
        Assert.Equal(HttpVersion.Version20, response.Version);
        var all = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .ToDictionary(static header => header.Key, static header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
        return new RawResponse((int)response.StatusCode, all, await response.Content.ReadAsByteArrayAsync());
    }
}
