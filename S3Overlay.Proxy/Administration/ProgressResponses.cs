using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// Responses of long work: a line of JSON every few seconds, and a last one with <c>"done":true</c>, so that neither people nor connections
/// time out. If the work fails after the first line, the last line has the error; before that, the response is an ordinary error.
/// </summary>
internal sealed class ProgressResponses(TimeProvider time)
{
    /// <summary>The content type: one JSON document a line.</summary>
    public const string ContentType = "application/x-ndjson";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Does the work, and reports progress.</summary>
    /// <param name="work">The work.</param>
    /// <param name="write">Writes how far it is, as members of an object.</param>
    /// <param name="request">The request.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="cancellationToken">The client's patience: the work ends with it.</param>
    /// <returns>The failure that the last line told of; null where all is done.</returns>
    public async Task<S3Exception?> AnswerAsync(
        Func<CancellationToken, Task> work, Action<Utf8JsonWriter> write, S3Request request, S3Response answer,
        CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = new JsonLines();
        var running = work(leaving.Token);
        try
        {
            while (!await Waits.EndsWithinAsync(running, Pause, time, cancellationToken))
            {
                await SendAsync(lines, isDone: false, null, write, request, answer, cancellationToken);
            }
        }
        finally
        {
            // The work never outlives the request.
            await leaving.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var failure = running.Exception?.InnerException is { } cause && answer.HasStarted ? ClientErrors.Of(cause) : null;
        if (failure is null)
        {
            await running;
        }

        await SendAsync(lines, isDone: failure is null, failure, write, request, answer, cancellationToken);
        return failure;
    }

    private static ValueTask SendAsync(JsonLines lines, bool isDone, S3Exception? failure, Action<Utf8JsonWriter> write, S3Request request,
        S3Response answer, CancellationToken cancellationToken)
    {
        if (!answer.HasStarted)
        {
            answer.Status = StatusCodes.Status200OK;
            answer.Headers.ContentType = ContentType;
        }

        var json = lines.Writer;
        json.WriteStartObject();
        json.WriteBoolean("done", isDone);
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
        return lines.SendLineAsync(answer, cancellationToken);
    }
}
