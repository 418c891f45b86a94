using System.Diagnostics;
using System.Globalization;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// The span of one attempt at an upstream request, from before it is sent until the head of its answer is there. The body is its reader's.
/// </summary>
internal static class AttemptSpan
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    /// <summary>Begins it; null where nobody listens, and for what no request led to: looks at an endpoint's health, cleaning up.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="role">What the endpoint is to people: <c>remote</c>, <c>local store</c>.</param>
    /// <param name="endpoint">Where it is.</param>
    /// <param name="bucket">The bucket there; the empty string for none.</param>
    /// <param name="resends">How many attempts there were before.</param>
    public static Activity? Start(string method, string role, Uri endpoint, string bucket, int resends = 0)
    {
        if (!Tracing.IsOn || Activity.Current is null
            || Tracing.Start(SpanNames.Attempt(method, role), ActivityKind.Client) is not { } span)
        {
            return null;
        }

        span.SetTag(SpanAttributes.Method, method)
            .SetTag(SpanAttributes.ServerAddress, endpoint.Host)
            .SetTag(SpanAttributes.ServerPort, endpoint.Port);
        if (bucket.Length > 0)
        {
            span.SetTag(SpanAttributes.Bucket, bucket);
        }

        if (resends > 0)
        {
            span.SetTag(SpanAttributes.ResendCount, resends);
        }

        return span;
    }

    /// <summary>
    /// Tells the endpoint the span, so that one which traces too goes on below it. A client's own, handed on as it came, would point past
    /// this proxy.
    /// </summary>
    public static void Propagate(Activity? span, HttpRequestMessage message)
    {
        if (span is not { Recorded: true, Id: { } id })
        {
            return;
        }

        message.Headers.Remove(TraceParent);
        message.Headers.Remove(TraceState);
        message.Headers.TryAddWithoutValidation(TraceParent, id);
        if (span.TraceStateString is { Length: > 0 } state)
        {
            message.Headers.TryAddWithoutValidation(TraceState, state);
        }
    }

    /// <summary>
    /// Notes what was answered. That there is no such object, or a condition does not hold, is an answer like others and no failure.
    /// </summary>
    public static void Answered(Activity? span, int status)
    {
        span?.SetTag(SpanAttributes.Status, status);
        if (status is >= 500 or 429)
        {
            span.Fail(status.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Notes that no answer came.</summary>
    public static void Failed(Activity? span, Exception failure) => span.Fail(failure switch
    {
        HttpRequestException http => http.HttpRequestError.ToString(),
        OperationCanceledException => "timeout",
        _ => failure.GetType().Name,
    });
}
