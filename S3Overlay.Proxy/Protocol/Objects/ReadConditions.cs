using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The conditions of a GET or HEAD, judged as S3 judges them.</summary>
/// <remarks>
/// RFC 9110, section 13.2.2, and S3's two rules: a true If-Match outweighs a false If-Unmodified-Since, a false If-None-Match outweighs
/// a true If-Modified-Since (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). An If-Modified-Since that is still to
/// come counts for none, as it did in RFC 2616, section 14.25, and does in S3: a client whose clock is ahead would keep for good what it
/// has.
/// </remarks>
public static class ReadConditions
{
    private const string OfCopySource = "x-amz-copy-source-";
    private const string IfMatch = "If-Match";
    private const string IfNoneMatch = "If-None-Match";
    private const string IfModifiedSince = "If-Modified-Since";
    private const string IfUnmodifiedSince = "If-Unmodified-Since";

    /// <summary>Whether the request carries any condition.</summary>
    public static bool Any(IHeaderDictionary headers) =>
        headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0 || headers.IfModifiedSince.Count > 0
            || headers.IfUnmodifiedSince.Count > 0;

    /// <summary>Judges the conditions against one version of an object.</summary>
    public static ConditionOutcome Judge(S3Request request, string etag, DateTimeOffset lastModified) =>
        FailedOf(request, "", etag, lastModified) switch
        {
            null => ConditionOutcome.Pass,
            IfMatch or IfUnmodifiedSince => ConditionOutcome.PreconditionFailed,
            _ => ConditionOutcome.NotModified,
        };

    /// <summary>The 412 of a read. One that carries both conditions that may fail so is judged by its If-Match alone.</summary>
    public static S3Exception Failure(IHeaderDictionary headers) => Failure(headers.IfMatch.Count > 0 ? IfMatch : IfUnmodifiedSince);

    /// <summary>
    /// Judges the conditions on a copy's source (<c>x-amz-copy-source-if-*</c>): whatever fails is a failed precondition.
    /// </summary>
    /// <returns>The 412 that names it; null where all hold.</returns>
    public static S3Exception? CopySourceFailure(S3Request request, string etag, DateTimeOffset lastModified) =>
        FailedOf(request, OfCopySource, etag, lastModified) is { } failed ? Failure(OfCopySource + failed) : null;

    private static S3Exception Failure(string condition) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", condition)] };

    /// <summary>The condition that does not hold, in S3's spelling; null where all do.</summary>
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

/// <summary>How the conditions of a request came out.</summary>
public enum ConditionOutcome
{
    /// <summary>Go on.</summary>
    Pass,

    /// <summary>304: the client has these bytes.</summary>
    NotModified,

    /// <summary>412: a precondition does not hold.</summary>
    PreconditionFailed,
}
