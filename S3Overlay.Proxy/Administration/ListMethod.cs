using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// A method that returns any number of items, one JSON document a line. A last line with <c>"done":true</c> and the number of items proves
/// that the list is whole; if the method failed after the first line, it has <c>"done":false</c> and the error. A list without items of a
/// bucket or key that no layer has is an error.
/// </summary>
internal abstract class ListMethod<T>(string name, string summary) : Method("GET", name, summary)
{
    /// <inheritdoc/>
    public override string ContentType => ProgressResponses.ContentType;

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(T)];

    /// <summary>
    /// True if items come as things happen. The response then starts at once, so that its client knows that nothing is missed from then on.
    /// </summary>
    protected bool IsLive { get; init; }

    /// <inheritdoc/>
    public sealed override async Task<MethodOutcome> RunAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var (lines, count, response) = (new JsonLines(), 0L, call.Response);
        S3Exception? failure = null;
        try
        {
            await using var items = ListAsync(call, cancellationToken).GetAsyncEnumerator(cancellationToken);
            for (var next = items.MoveNextAsync(); await ReadyAsync(next); next = items.MoveNextAsync())
            {
                Begin(response);
                JsonSerializer.Serialize(lines.Writer, items.Current, AdministrationJson.Options);
                lines.EndLine();
                count++;
                await lines.SendIfLongAsync(response, cancellationToken);
            }

            if (count == 0 && !IsLive)
            {
                await call.Targets.RequireAsync(call.Parameters.Target, cancellationToken);
            }
        }
        catch (Exception cause) when (response.HasStarted && !cancellationToken.IsCancellationRequested)
        {
            failure = ClientErrors.Of(cause);
        }

        Begin(response);
        ProgressResponses.Write(lines.Writer, failure, call.Request, json => json.WriteNumber("count", count));
        await lines.SendLineAsync(response, cancellationToken);
        return new MethodOutcome($"{count} listed", failure);

        // Nothing is kept back while the next item takes its time.
        async ValueTask<bool> ReadyAsync(ValueTask<bool> next)
        {
            if (!next.IsCompleted && (count > 0 || IsLive))
            {
                var waiting = next.AsTask();
                Begin(response);
                await lines.SendAsync(response, cancellationToken);
                return await waiting;
            }

            return await next;
        }
    }

    /// <summary>The items. A failure before the first one is an ordinary error response.</summary>
    protected abstract IAsyncEnumerable<T> ListAsync(MethodCall call, CancellationToken cancellationToken);

    private void Begin(S3Response response)
    {
        if (!response.HasStarted)
        {
            response.Status = StatusCodes.Status200OK;
            response.Headers.ContentType = ContentType;
        }
    }
}
