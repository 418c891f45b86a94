using System.Globalization;

using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.FrontDoor;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>Sends requests to the front door without a connection. Both bodies stream.</summary>
internal sealed class InnerRequests(S3FrontDoor door, Uri endpoint)
{
    /// <summary>Sends a request, and returns its response once that has begun.</summary>
    public async Task<ProxyResponse> SendAsync(ProxyCaller caller, ProxyRequest request, CancellationToken cancellationToken)
    {
        var response = new InnerResponse(cancellationToken);
        var context = new DefaultHttpContext(FeaturesOf(caller, request, response));

        // Not on the thread of a page: a page waits for the response, and the front door for the page to read it.
        _ = Task.Run(async () =>
        {
            try
            {
                await door.HandleAsync(context);
                await response.EndAsync();
            }
            catch (Exception failure)
            {
                response.Fail(failure);
            }
        }, CancellationToken.None);
        return await response.Begun;
    }

    private FeatureCollection FeaturesOf(ProxyCaller caller, ProxyRequest request, InnerResponse response)
    {
        var headers = new HeaderDictionary { ["Host"] = endpoint.Authority, ["User-Agent"] = "S3Overlay console" };
        foreach (var (name, value) in request.Headers)
        {
            headers[name] = value;
        }

        if (request.Body is not null && request.Length is { } length)
        {
            headers.ContentLength = length;
        }

        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method,
            Scheme = caller.IsSecure ? "https" : "http",
            Protocol = HttpProtocol.Http11,
            RawTarget = request.Query.Length == 0 ? request.Path : $"{request.Path}?{request.Query}",
            Path = request.Path,
            QueryString = request.Query.Length == 0 ? "" : "?" + request.Query,
            Headers = headers,
            Body = request.Body ?? Stream.Null,
        });
        features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(request.Body is not null));
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature
        {
            ConnectionId = string.Create(CultureInfo.InvariantCulture, $"console-{caller.AccessKey}"),
            RemoteIpAddress = caller.Address,
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(response);
        features.Set<IHttpRequestLifetimeFeature>(response);
        return features;
    }

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;
}
