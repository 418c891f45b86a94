namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// Stands between the remote's client and the network: nothing but GET and HEAD goes through, whatever the code above was led to ask (rule
/// W1).
/// </summary>
internal sealed class ReadOnlyHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Check(request);
        return base.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Check(request);
        return base.Send(request, cancellationToken);
    }

    private static void Check(HttpRequestMessage request)
    {
        if ((request.Method != HttpMethod.Get && request.Method != HttpMethod.Head) || request.Content is not null)
        {
            throw new InvalidOperationException($"The remote is never written to: {request.Method} was refused.");
        }
    }
}
