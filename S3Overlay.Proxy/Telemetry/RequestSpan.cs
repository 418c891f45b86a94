using System.Diagnostics;
using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// The span of a client's request. It is the proxy's own, in place of the one that the web server would make: that one knows nothing of S3,
/// and there would be one for each look at <c>/health</c>.
/// </summary>
internal static class RequestSpan
{
    private const string Unnamed = "S3";

    /// <summary>
    /// Begins it, below the client's own span where the client sent one (https://www.w3.org/TR/trace-context/); null where nobody listens.
    /// </summary>
    public static Activity? Start(HttpRequest request)
    {
        if (!Tracing.IsOn)
        {
            return null;
        }

        var span = ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var client)
            && Activity.Current is null
            ? Tracing.Start(Unnamed, ActivityKind.Server, client)
            : Tracing.Start(Unnamed, ActivityKind.Server);
        span?.SetTag(SpanAttributes.RpcSystem, SpanAttributes.AwsApi).SetTag(SpanAttributes.Method, request.Method);
        if (span is not null && request.HttpContext.Connection.RemoteIpAddress is { } address)
        {
            span.SetTag(SpanAttributes.ClientAddress, address.ToString());
        }

        if (request.ContentLength is { } length)
        {
            span?.SetTag(SpanAttributes.RequestSize, length);
        }

        return span;
    }

    /// <summary>Says what is asked for, as soon as that is known.</summary>
    public static void Name(Activity? span, S3Operation operation, string bucket, string key)
    {
        if (span is null)
        {
            return;
        }

        span.DisplayName = SpanNames.Request(operation);
        span.SetTag(SpanAttributes.RpcMethod, operation.ToString());
        if (bucket.Length > 0)
        {
            span.SetTag(SpanAttributes.Bucket, bucket);
        }

        if (key.Length > 0)
        {
            span.SetTag(SpanAttributes.Key, key);
        }
    }

    /// <summary>Says which error is answered: a client's own mistake too, though that is no failure of the server's.</summary>
    public static void Refused(Activity? span, S3Error error) => span?.SetTag(SpanAttributes.ErrorType, error.Code);

    /// <summary>Ends it.</summary>
    /// <param name="span">The span, or null.</param>
    /// <param name="requestId">The request's id.</param>
    /// <param name="answer">What was answered.</param>
    /// <param name="layer">The layer that answered; null where that is not said, as in buckets without a remote.</param>
    /// <param name="cache">The cache's part in it; null where it has none.</param>
    /// <param name="outcome">How it ended.</param>
    public static void Finish(Activity span, string requestId, S3Response answer, string? layer, string? cache, string outcome)
    {
        span.SetTag(SpanAttributes.RequestId, requestId)
            .SetTag(SpanAttributes.Status, answer.Status)
            .SetTag(SpanAttributes.ResponseSize, answer.Sent)
            .SetTag(SpanAttributes.Outcome, outcome);
        if (layer is not null)
        {
            span.SetTag(SpanAttributes.Layer, layer);
        }

        if (cache is not null)
        {
            span.SetTag(SpanAttributes.Cache, cache);
        }

        if (outcome is Outcomes.Refused or Outcomes.Failed && span.GetTagItem(SpanAttributes.ErrorType) is null)
        {
            // An error that a store answered is known by its status alone.
            span.SetTag(SpanAttributes.ErrorType, answer.Status.ToString(CultureInfo.InvariantCulture));
        }

        if (outcome is Outcomes.Failed or Outcomes.Cut)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }

        span.Dispose();
    }
}
