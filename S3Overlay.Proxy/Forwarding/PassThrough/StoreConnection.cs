using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Brings finished requests to the store, and says of a store that gives no answer what a client is told. Each is sent once, but that which
/// the store cannot have acted upon, or may act upon as often as it likes: a store that closes a connection as it is used is asked over
/// another one.
/// </summary>
/// <param name="settings">The store.</param>
/// <param name="regions">What is known of its regions.</param>
internal sealed class StoreConnection(EndpointSettings settings, EndpointRegions regions) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(EndpointConnections.Create(settings));

    /// <summary>Sends a request. The store's answer is the caller's to dispose.</summary>
    /// <param name="message">The request.</param>
    /// <param name="bucket">The bucket it is about, for its span.</param>
    /// <param name="content">Its body, where it is streamed; null for none, or one that is in memory.</param>
    /// <param name="patience">How long the store may take.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    /// <exception cref="S3Exception">The client's body was not what it promised; or ServiceUnavailable where the store did not
    /// answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage message, string bucket, StreamedContent? content, SilenceTimeout patience, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await SendOnceAsync(message, bucket, content, patience, attempt, cancellationToken);
            }
            catch (S3Exception cut) when (attempt == 0 && IsCut(cut.InnerException?.InnerException) && MayBeRepeated(message, content))
            {
            }
        }
    }

    /// <summary>What a client is told where the store gave no answer that could be handed on.</summary>
    public S3Exception Unavailable(string why, Exception cause) => S3Exception.ForNow(
        S3Errors.ServiceUnavailable, 2, $"The local store did not answer: {why}.",
        new RemoteException(RemoteFailure.Unavailable, $"{settings.Name}: {cause.Message}", cause));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Whether the connection ended before there was an answer. One that could not be made is not made a moment later either.
    /// </summary>
    private static bool IsCut(Exception? failure) => failure switch
    {
        HttpRequestException failed => failed.HttpRequestError is HttpRequestError.Unknown or HttpRequestError.ResponseEnded
            && failed.InnerException is IOException or SocketException,
        IOException or SocketException => true,
        _ => false,
    };

    /// <summary>A read, or a request with a body of which nothing went to the store.</summary>
    private static bool MayBeRepeated(HttpRequestMessage message, StreamedContent? content) =>
        content is null ? message.Content is null && (message.Method == HttpMethod.Get || message.Method == HttpMethod.Head)
            : content is { HasBegun: false, Failure: null, Verdict: null };

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage message, string bucket, StreamedContent? content, SilenceTimeout patience, int attempt,
        CancellationToken cancellationToken)
    {
        using var span = AttemptSpan.Start(message.Method.Method, settings.Role, message.RequestUri!, bucket, attempt);
        AttemptSpan.Propagate(span, message);
        var started = settings.Meters?.Started() ?? 0;

        // A connection that is watched is not used again, and ends with its answer.
        using var own = content?.Verdict is { } verdict ? new HttpMessageInvoker(EndpointConnections.Create(settings, verdict.Watch))
            : null;
        try
        {
            var response = await (own ?? _http).SendAsync(message, patience.Token);
            AttemptSpan.Answered(span, (int)response.StatusCode);
            settings.Meters?.Answered(started, (int)response.StatusCode);
            return response;
        }
        catch (Exception failure) when (IsNoted(span, bucket, started, failure, cancellationToken.IsCancellationRequested))
        {
            throw;
        }
        catch (Exception) when (content?.Failure is S3Exception refused)
        {
            throw refused;
        }
        catch (Exception) when (content?.Failure is { } broken)
        {
            ExceptionDispatchInfo.Throw(broken);
            throw;
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unavailable("it did not answer in time", late);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
        {
            throw Unavailable(failure.InnerException?.Message ?? failure.Message, failure);
        }
    }

    /// <summary>Notes a failed attempt, and handles nothing.</summary>
    private bool IsNoted(Activity? span, string bucket, long started, Exception failure, bool isUnwanted)
    {
        AttemptSpan.Failed(span, failure);
        settings.Meters?.Failed(started, isUnwanted);
        regions.ForgetUnreachable(bucket, failure);
        return false;
    }
}
