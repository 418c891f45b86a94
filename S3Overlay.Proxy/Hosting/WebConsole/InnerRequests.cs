using System.Globalization;

using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.FrontDoor;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>Sends requests to the front door without a connection. Both bodies stream.</summary>
internal sealed class InnerRequests(S3FrontDoor door, Uri endpoint)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<InnerResponse, Task> _running = [];
    private bool _isClosing;

    /// <summary>Sends a request, and returns its response once that has begun.</summary>
    /// <exception cref="IOException">The proxy stops, or cut the request.</exception>
    public async Task<ProxyResponse> SendAsync(ProxyCaller caller, ProxyRequest request, CancellationToken cancellationToken)
    {
        var response = new InnerResponse(cancellationToken);
        var context = new DefaultHttpContext(FeaturesOf(caller, request, response));

        // Not on the thread of a page: a page waits for the response, and the front door for the page to read it.
        lock (_lock)
        {
            if (_isClosing)
            {
                throw new IOException("The proxy stops.");
            }

            _running.Add(response, Task.Run(() => RunAsync(context, response), CancellationToken.None));
        }

        return await response.Begun;
    }

    /// <summary>
    /// Cancels requests that still run, and waits for their ends: what they use is closed next. There are no more after this.
    /// </summary>
    /// <param name="cut">Cancelled when they are not to be waited for any longer.</param>
    public async Task StopAsync(CancellationToken cut)
    {
        KeyValuePair<InnerResponse, Task>[] running;
        lock (_lock)
        {
            (_isClosing, running) = (true, [.. _running]);
        }

        foreach (var (response, _) in running)
        {
            response.Cancel();
        }

        await Task.WhenAll(running.Select(static each => each.Value)).WaitAsync(cut)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(HttpContext context, InnerResponse response)
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
        finally
        {
            lock (_lock)
            {
                _running.Remove(response);
            }
        }
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
