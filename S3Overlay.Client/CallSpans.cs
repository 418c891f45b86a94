using System.Diagnostics;

using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace S3Overlay.Client;

/// <summary>
/// A span for each call, named and attributed as OpenTelemetry has it for AWS SDKs
/// (https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/). Keys of objects are in the spans of the HTTP requests below it,
/// and nowhere else.
/// </summary>
internal sealed class CallSpans : PipelineHandler
{
    /// <summary>The name of the source, which <c>S3Overlay.ServiceDefaults</c> listens to with all others of its prefix.</summary>
    public const string SourceName = "S3Overlay.Client";

    private static readonly ActivitySource Source = new(SourceName);

    /// <inheritdoc/>
    public override async Task<T> InvokeAsync<T>(IExecutionContext executionContext)
    {
        using var span = Start(executionContext.RequestContext);
        if (span is null)
        {
            return await base.InvokeAsync<T>(executionContext);
        }

        try
        {
            var result = await base.InvokeAsync<T>(executionContext);
            if (result is AmazonWebServiceResponse answer)
            {
                span.SetTag("http.response.status_code", (int)answer.HttpStatusCode);
                span.SetTag("aws.request_id", answer.ResponseMetadata?.RequestId);
            }

            return result;
        }
        catch (Exception failure)
        {
            Fail(span, failure);
            throw;
        }
    }

    private static Activity? Start(IRequestContext request)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var method = request.RequestName.EndsWith("Request", StringComparison.Ordinal) ? request.RequestName[..^"Request".Length]
            : request.RequestName;
        var span = Source.StartActivity($"S3.{method}", ActivityKind.Client);
        span?.SetTag("rpc.system", "aws-api");
        span?.SetTag("rpc.service", "S3");
        span?.SetTag("rpc.method", method);
        if (span is not null && Uri.TryCreate(request.ClientConfig.ServiceURL, UriKind.Absolute, out var endpoint))
        {
            span.SetTag("server.address", endpoint.Host);
            span.SetTag("server.port", endpoint.Port);
        }

        return span;
    }

    private static void Fail(Activity span, Exception failure)
    {
        if (failure is AmazonServiceException answer)
        {
            span.SetTag("http.response.status_code", (int)answer.StatusCode);
            span.SetTag("aws.request_id", answer.RequestId);
            span.SetTag("error.type", answer.ErrorCode is { Length: > 0 } code ? code : failure.GetType().FullName);
        }
        else
        {
            span.SetTag("error.type", failure.GetType().FullName);
        }

        span.SetStatus(ActivityStatusCode.Error, failure.Message);
    }
}
