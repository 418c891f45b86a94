using System.Diagnostics;
using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// The span of a client's request. Replaces the web server's own span, which knows nothing of S3 and would also cover every <c>/health</c>
/// probe.
/// </summary>
public static partial class Tracing
{
    private const string Unnamed = "S3";

    /// <summary>
    /// Starts the span, below the client's own if it sent one (https://www.w3.org/TR/trace-context/). Null when tracing is off.
    /// </summary>
    internal static Activity? StartRequest(HttpRequest request)
    {
        if (!IsOn)
        {
            return null;
        }

        var span = ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var client)
            && Activity.Current is null
            ? Start(Unnamed, ActivityKind.Server, client)
            : Start(Unnamed, ActivityKind.Server);

        // A null value sets no attribute.
        return span?.SetTag(SpanAttributes.RpcSystem, SpanAttributes.AwsApi).SetTag(SpanAttributes.Method, request.Method)
            .SetTag(SpanAttributes.ClientAddress, request.HttpContext.Connection.RemoteIpAddress?.ToString())
            .SetTag(SpanAttributes.RequestSize, request.ContentLength);
    }

    /// <summary>Sets operation, bucket and key, once they are known.</summary>
    internal static void NameRequest(Activity? span, S3Operation operation, string bucket, string key)
    {
        if (span is null)
        {
            return;
        }

        span.DisplayName = SpanNames.Request(operation);
        span.SetTag(SpanAttributes.RpcMethod, operation.ToString())
            .SetTag(SpanAttributes.Bucket, bucket.Length > 0 ? bucket : null)
            .SetTag(SpanAttributes.Key, key.Length > 0 ? key : null);
    }

    /// <summary>Records the error code, even for a client's mistake.</summary>
    internal static void RecordRequestError(Activity? span, S3Error error) => span?.SetTag(SpanAttributes.ErrorType, error.Code);

    /// <summary>Keeps a span from being sent: exporters skip what is not recorded.</summary>
    internal static void Drop(Activity span) => span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;

    /// <summary>Ends the span.</summary>
    /// <param name="layer">The layer that answered; null if unknown, as in buckets without a remote.</param>
    /// <param name="cache">The cache result; null for none.</param>
    /// <param name="outcome">One of <see cref="Outcomes"/>.</param>
    internal static void FinishRequest(Activity span, string requestId, S3Response response, string? layer, string? cache, string outcome)
    {
        span.SetTag(SpanAttributes.RequestId, requestId)
            .SetTag(SpanAttributes.Status, response.Status)
            .SetTag(SpanAttributes.ResponseSize, response.Sent)
            .SetTag(SpanAttributes.Outcome, outcome)
            .SetTag(SpanAttributes.Layer, layer)
            .SetTag(SpanAttributes.Cache, cache);
        if (outcome is Outcomes.Refused or Outcomes.Failed && span.GetTagItem(SpanAttributes.ErrorType) is null)
        {
            // Of a store's own error, only the status is known.
            span.SetTag(SpanAttributes.ErrorType, response.Status.ToString(CultureInfo.InvariantCulture));
        }

        if (outcome is Outcomes.Failed or Outcomes.Cut)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }

        span.Dispose();
    }
}
