using System.Diagnostics;
using System.Globalization;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>The span of one upstream attempt, up to the response's headers. Reading the body is not part of it.</summary>
public static partial class Tracing
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    /// <summary>Starts the span. Null when tracing is off, or if no request caused the attempt (health probes, cleanup).</summary>
    /// <param name="role">The endpoint's role: <c>remote</c>, <c>local store</c>.</param>
    /// <param name="bucket">The bucket there; empty for none.</param>
    /// <param name="resends">The number of earlier attempts.</param>
    internal static Activity? StartAttempt(string method, string role, Uri endpoint, string bucket, int resends = 0)
    {
        if (!IsOn || Activity.Current is null || Start(SpanNames.Attempt(method, role), ActivityKind.Client) is not { } span)
        {
            return null;
        }

        return span.SetTag(SpanAttributes.Method, method)
            .SetTag(SpanAttributes.ServerAddress, endpoint.Host)
            .SetTag(SpanAttributes.ServerPort, endpoint.Port)
            .SetTag(SpanAttributes.Bucket, bucket.Length > 0 ? bucket : null)
            .SetTag(SpanAttributes.ResendCount, resends > 0 ? resends : null);
    }

    /// <summary>
    /// Sends the span's context, so that the endpoint's trace continues below it. The client's own context, forwarded unchanged, would skip
    /// this proxy.
    /// </summary>
    internal static void Propagate(Activity? span, HttpRequestMessage message)
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

    /// <summary>Records the response. A missing object or failed condition is no failure.</summary>
    internal static void RecordAttemptResponse(Activity? span, int status)
    {
        span?.SetTag(SpanAttributes.Status, status);
        if (status is >= 500 or 429)
        {
            span.Fail(status.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Records that no response came.</summary>
    internal static void RecordAttemptFailure(Activity? span, Exception failure) => span.Fail(failure switch
    {
        HttpRequestException http => http.HttpRequestError.ToString(),
        OperationCanceledException => "timeout",
        _ => failure.GetType().Name,
    });
}
