using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// Answers of work that may take long: lines of JSON, one every few seconds while it goes on and one when it is over, which says
/// <c>"done":true</c>. So neither people nor connections give up waiting. Work that ends with an error after a line was sent ends with a
/// line that has the error; before that it is answered like any other.
/// </summary>
internal sealed class ProgressResponses(TimeProvider time)
{
    /// <summary>The content type: one JSON document a line.</summary>
    public const string ContentType = "application/x-ndjson";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Does the work, and tells how far it is.</summary>
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
            // Whatever became of the client, nothing goes on behind its back.
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

    private static ValueTask SendAsync(
        JsonLines lines,
        bool isDone,
        S3Exception? failure,
        Action<Utf8JsonWriter> write,
        S3Request request,
        S3Response answer,
        CancellationToken cancellationToken)
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
