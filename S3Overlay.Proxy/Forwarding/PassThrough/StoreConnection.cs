using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Sends complete requests to the store, and maps its failures to what clients see. A request is sent once, unless the store cannot have
/// acted on it or repeating is harmless: then a connection that closed as it was used is replaced.
/// </summary>
internal sealed class StoreConnection(EndpointSettings settings, EndpointFacts facts) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(settings.CreateHandler());

    /// <summary>Sends a request. The caller disposes the response.</summary>
    /// <param name="bucket">The bucket, for the span.</param>
    /// <param name="content">The body if it is streamed; null for none or one in memory.</param>
    /// <exception cref="S3Exception">
    /// The client's body did not match what it declared, or ServiceUnavailable if the store did not respond.
    /// </exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage message, string bucket, StreamedContent? content, SilenceTimeout patience)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await SendOnceAsync(message, bucket, content, patience, attempt);
            }
            catch (S3Exception cut) when (attempt == 0 && IsCut(cut.InnerException?.InnerException) && MayBeRepeated(message, content))
            {
            }
        }
    }

    /// <summary>The error for a client when the store gave no usable response.</summary>
    public S3Exception Unavailable(string why, Exception cause) => S3Exception.ForNow(
        S3Errors.ServiceUnavailable, 2, $"The local store did not answer: {why}.",
        new RemoteException(RemoteFailure.Unavailable, $"{settings.Name}: {cause.Message}", cause));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>True if the connection ended before a response. A connection that could not be opened is not tried again.</summary>
    private static bool IsCut(Exception? failure) => failure switch
    {
        HttpRequestException failed => failed.HttpRequestError is HttpRequestError.Unknown or HttpRequestError.ResponseEnded
            && failed.InnerException is IOException or SocketException,
        IOException or SocketException => true,
        _ => false,
    };

    /// <summary>True for a read, or a request whose body has not been sent at all.</summary>
    private static bool MayBeRepeated(HttpRequestMessage message, StreamedContent? content) =>
        content is null ? message.Content is null && (message.Method == HttpMethod.Get || message.Method == HttpMethod.Head)
            : content is { HasBegun: false, Failure: null, Verdict: null };

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage message, string bucket, StreamedContent? content, SilenceTimeout patience, int attempt)
    {
        using var span = Tracing.StartAttempt(message.Method.Method, settings.Role, message.RequestUri!, bucket, attempt);
        Tracing.Propagate(span, message);
        var started = settings.Meters?.Started() ?? 0;

        // A watched connection is used once, and closes with its response.
        using var own = content?.Verdict is { } verdict ? new HttpMessageInvoker(settings.CreateHandler(verdict.Watch)) : null;
        try
        {
            var response = await (own ?? _http).SendAsync(message, patience.Token);
            Tracing.RecordAttemptResponse(span, (int)response.StatusCode);
            settings.Meters?.Answered(started, (int)response.StatusCode);
            return response;
        }
        catch (Exception failure) when (IsNoted(span, bucket, started, failure, patience.Client.IsCancellationRequested))
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
        catch (OperationCanceledException late) when (!patience.Client.IsCancellationRequested)
        {
            throw Unavailable("it did not answer in time", late);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
        {
            throw Unavailable(failure.InnerException?.Message ?? failure.Message, failure);
        }
    }

    /// <summary>Records a failed attempt without handling it.</summary>
    private bool IsNoted(Activity? span, string bucket, long started, Exception failure, bool isUnwanted)
    {
        Tracing.RecordAttemptFailure(span, failure);
        settings.Meters?.Failed(started, isUnwanted);
        facts.ForgetUnreachable(bucket, failure);
        return false;
    }
}
