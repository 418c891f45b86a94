using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The conditions of a GET or HEAD, judged as S3 judges them.</summary>
/// <remarks>
/// RFC 9110, section 13.2.2, and S3's two rules: a true If-Match outweighs a false If-Unmodified-Since, a false If-None-Match outweighs
/// a true If-Modified-Since (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
/// </remarks>
public static class ReadConditions
{
    /// <summary>Whether the request carries any condition.</summary>
    public static bool Any(IHeaderDictionary headers) =>
        headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0 || headers.IfModifiedSince.Count > 0 || headers.IfUnmodifiedSince.Count > 0;

    /// <summary>Judges the conditions against one version of an object.</summary>
    public static ConditionOutcome Judge(IHeaderDictionary headers, string etag, DateTimeOffset lastModified) =>
        Judge(headers.IfMatch, headers.IfNoneMatch, headers.IfModifiedSince, headers.IfUnmodifiedSince, etag, lastModified);

    /// <summary>Judges the conditions on a copy's source (<c>x-amz-copy-source-if-*</c>): whatever fails is a failed precondition.</summary>
    public static bool CopySourceHolds(IHeaderDictionary headers, string etag, DateTimeOffset lastModified) =>
        Judge(
            headers["x-amz-copy-source-if-match"],
            headers["x-amz-copy-source-if-none-match"],
            headers["x-amz-copy-source-if-modified-since"],
            headers["x-amz-copy-source-if-unmodified-since"],
            etag,
            lastModified) == ConditionOutcome.Pass;

    private static ConditionOutcome Judge(
        string? ifMatch, string? ifNoneMatch, string? ifModifiedSince, string? ifUnmodifiedSince, string etag, DateTimeOffset lastModified)
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

        return HttpDates.TryParseHeader(ifModifiedSince, out var modifiedSince) && lastModified <= modifiedSince
            ? ConditionOutcome.NotModified
            : ConditionOutcome.Pass;
    }
}
