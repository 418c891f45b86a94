using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The conditions of a GET or HEAD, judged as S3 judges them.</summary>
/// <remarks>
/// RFC 9110, section 13.2.2, and S3's two rules: a true If-Match outweighs a false If-Unmodified-Since, a false If-None-Match outweighs
/// a true If-Modified-Since (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). An If-Modified-Since that is still to come counts for none, as it did in RFC 2616,
/// section 14.25, and does in S3: a client whose clock is ahead would keep for good what it has.
/// </remarks>
public static class ReadConditions
{
    /// <summary>Whether the request carries any condition.</summary>
    public static bool Any(IHeaderDictionary headers) =>
        headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0 || headers.IfModifiedSince.Count > 0 || headers.IfUnmodifiedSince.Count > 0;

    /// <summary>Judges the conditions against one version of an object.</summary>
    public static ConditionOutcome Judge(S3Request request, string etag, DateTimeOffset lastModified) =>
        Judge(
            request.Headers.IfMatch, request.Headers.IfNoneMatch, request.Headers.IfModifiedSince, request.Headers.IfUnmodifiedSince, etag, lastModified, request.Received);

    /// <summary>Judges the conditions on a copy's source (<c>x-amz-copy-source-if-*</c>): whatever fails is a failed precondition.</summary>
    public static bool CopySourceHolds(S3Request request, string etag, DateTimeOffset lastModified) =>
        Judge(
            request.Headers["x-amz-copy-source-if-match"],
            request.Headers["x-amz-copy-source-if-none-match"],
            request.Headers["x-amz-copy-source-if-modified-since"],
            request.Headers["x-amz-copy-source-if-unmodified-since"],
            etag,
            lastModified,
            request.Received) == ConditionOutcome.Pass;

    private static ConditionOutcome Judge(
        string? ifMatch, string? ifNoneMatch, string? ifModifiedSince, string? ifUnmodifiedSince, string etag, DateTimeOffset lastModified, DateTimeOffset now)
    {
        lastModified = HttpDates.WholeSeconds(lastModified);
        if (ifMatch is not null)
        {
            if (!ETags.ListHas(ifMatch, etag))
            {
                return ConditionOutcome.PreconditionFailed;
            }
        }
        else if (HttpDates.TryParseHeader(ifUnmodifiedSince, out var unmodifiedSince) && lastModified > unmodifiedSince)
        {
            return ConditionOutcome.PreconditionFailed;
        }

        if (ifNoneMatch is not null)
        {
            return ETags.ListHas(ifNoneMatch, etag) ? ConditionOutcome.NotModified : ConditionOutcome.Pass;
        }

        return HttpDates.TryParseHeader(ifModifiedSince, out var modifiedSince) && lastModified <= modifiedSince && modifiedSince <= now
            ? ConditionOutcome.NotModified
            : ConditionOutcome.Pass;
    }
}
