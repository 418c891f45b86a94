using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// Responses of long work: a line of JSON every two seconds, and a last one with <c>"done":true</c>, so that neither people nor connections
/// time out. If the work fails after the first line, the last line has the error; before that, the response is an ordinary error.
/// </summary>
internal sealed class ProgressResponses(TimeProvider time)
{
    /// <summary>The content type: one JSON document a line.</summary>
    public const string ContentType = "application/x-ndjson";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Does the work, and reports progress.</summary>
    /// <param name="write">Writes the progress, as members of an object.</param>
    /// <param name="cancellationToken">Cancels the work too.</param>
    /// <returns>The error in the last line; null if the work succeeded.</returns>
    public async Task<S3Exception?> RunAsync(
        Func<CancellationToken, Task> work, Action<Utf8JsonWriter> write, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = new JsonLines();
        var running = work(leaving.Token);
        try
        {
            while (!await Waits.EndsWithinAsync(running, Pause, time, cancellationToken))
            {
                await SendAsync(lines, isDone: false, null, write, request, response, cancellationToken);
            }
        }
        finally
        {
            // The work never outlives the request.
            await leaving.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var failure = running.Exception?.InnerException is { } cause && response.HasStarted ? ClientErrors.Of(cause) : null;
        if (failure is null)
        {
            await running;
        }

        await SendAsync(lines, isDone: failure is null, failure, write, request, response, cancellationToken);
        return failure;
    }

    private static ValueTask SendAsync(JsonLines lines, bool isDone, S3Exception? failure, Action<Utf8JsonWriter> write, S3Request request,
        S3Response response, CancellationToken cancellationToken)
    {
        if (!response.HasStarted)
        {
            response.Status = StatusCodes.Status200OK;
            response.Headers.ContentType = ContentType;
        }

        Write(lines.Writer, failure, request, write, isDone);
        return lines.SendLineAsync(response, cancellationToken);
    }

    /// <summary>Writes the last line of a response, or one on the way.</summary>
    public static void Write(
        Utf8JsonWriter json, S3Exception? failure, S3Request request, Action<Utf8JsonWriter> write, bool? isDone = null)
    {
        json.WriteStartObject();
        json.WriteBoolean("done", isDone ?? failure is null);
        write(json);
        if (failure is not null)
        {
            json.WriteStartObject("error");
            json.WriteString("code", failure.Error.Code);
            json.WriteString("message", failure.Message);
            json.WriteString("requestId", request.RequestId);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
