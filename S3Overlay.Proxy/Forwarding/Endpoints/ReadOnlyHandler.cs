namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>The last check before the network: only GET and HEAD without a body pass, whatever the code above asks for (rule W1).</summary>
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
