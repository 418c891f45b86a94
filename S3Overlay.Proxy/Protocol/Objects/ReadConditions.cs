using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The conditions of a GET or HEAD, with S3's rules.</summary>
/// <remarks>
/// RFC 9110, section 13.2.2, and S3's two rules: a true If-Match outweighs a false If-Unmodified-Since, a false If-None-Match outweighs a
/// true If-Modified-Since (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). A future If-Modified-Since is ignored, as
/// in RFC 2616, section 14.25, and in S3: a client with a fast clock would keep its copy for ever.
/// </remarks>
public static class ReadConditions
{
    private const string OfCopySource = "x-amz-copy-source-";
    private const string IfMatch = "If-Match";
    private const string IfNoneMatch = "If-None-Match";
    private const string IfModifiedSince = "If-Modified-Since";
    private const string IfUnmodifiedSince = "If-Unmodified-Since";

    /// <summary>Whether the request has a condition.</summary>
    public static bool Any(IHeaderDictionary headers) =>
        headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0 || headers.IfModifiedSince.Count > 0
            || headers.IfUnmodifiedSince.Count > 0;

    /// <summary>Checks the conditions against one version of an object.</summary>
    public static ConditionOutcome Judge(S3Request request, string etag, DateTimeOffset lastModified) =>
        FailedOf(request, "", etag, lastModified) switch
        {
            null => ConditionOutcome.Pass,
            IfMatch or IfUnmodifiedSince => ConditionOutcome.PreconditionFailed,
            _ => ConditionOutcome.NotModified,
        };

    /// <summary>The 412 of a read. With both conditions that can cause it, If-Match decides.</summary>
    public static S3Exception Failure(IHeaderDictionary headers) => Failure(headers.IfMatch.Count > 0 ? IfMatch : IfUnmodifiedSince);

    /// <summary>Checks the conditions on a copy's source (<c>x-amz-copy-source-if-*</c>). Every failure is 412.</summary>
    /// <returns>The 412 that names the condition; null if all hold.</returns>
    public static S3Exception? CopySourceFailure(S3Request request, string etag, DateTimeOffset lastModified) =>
        FailedOf(request, OfCopySource, etag, lastModified) is { } failed ? Failure(OfCopySource + failed) : null;

    private static S3Exception Failure(string condition) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", condition)] };

    /// <summary>The condition that fails, in S3's spelling; null if all hold.</summary>
    private static string? FailedOf(S3Request request, string prefix, string etag, DateTimeOffset lastModified)
    {
        lastModified = HttpDates.WholeSeconds(lastModified);
        if ((string?)request.Headers[prefix + IfMatch] is { } ifMatch)
        {
            if (!ETags.ListHas(ifMatch, etag))
            {
                return IfMatch;
            }
        }
        else if (HttpDates.TryParseHeader(request.Headers[prefix + IfUnmodifiedSince], out var unmodifiedSince)
            && lastModified > unmodifiedSince)
        {
            return IfUnmodifiedSince;
        }

        if ((string?)request.Headers[prefix + IfNoneMatch] is { } ifNoneMatch)
        {
            return ETags.ListHas(ifNoneMatch, etag) ? IfNoneMatch : null;
        }

        return HttpDates.TryParseHeader(request.Headers[prefix + IfModifiedSince], out var modifiedSince) && lastModified <= modifiedSince
            && modifiedSince <= request.Received
            ? IfModifiedSince
            : null;
    }
}

/// <summary>The outcome of a request's conditions.</summary>
public enum ConditionOutcome
{
    /// <summary>Go on.</summary>
    Pass,

    /// <summary>304: the client has these bytes.</summary>
    NotModified,

    /// <summary>412: a precondition does not hold.</summary>
    PreconditionFailed,
}
