using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>The conditions of a write.</summary>
/// <param name="IfMatch">The ETag the key must have, or null.</param>
/// <param name="IsForNewKey">True if the key must not exist (<c>If-None-Match: *</c>).</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html</remarks>
public sealed record WriteConditions(string? IfMatch, bool IsForNewKey)
{
    /// <summary>Reads the headers; null if they have no condition.</summary>
    /// <exception cref="S3Exception">NotImplemented for an If-None-Match other than an asterisk, and for both conditions at once, as in
    /// S3.</exception>
    public static WriteConditions? Of(IHeaderDictionary headers)
    {
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
        {
            return null;
        }

        var isForNewKey = headers.IfNoneMatch.Count > 0;
        if (isForNewKey && headers.IfNoneMatch.ToString().AsSpan().Trim() is not "*")
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        if (isForNewKey && headers.IfMatch.Count > 0)
        {
            // No key can meet both.
            throw new S3Exception(S3Errors.NotImplemented, "Multiple conditional request headers present in the request.");
        }

        return new WriteConditions(headers.IfMatch.Count > 0 ? headers.IfMatch.ToString() : null, isForNewKey);
    }

    /// <summary>
    /// Judges a key that the local layer lacks. <paramref name="current"/> is the remote's object; null if the key is deleted or absent.
    /// </summary>
    /// <exception cref="S3Exception">NoSuchKey or PreconditionFailed (rule W3).</exception>
    public void Judge(ObjectInfo? current) => Judge(current?.ETag);

    /// <summary>Judges a key by its ETag; null if it does not exist.</summary>
    /// <exception cref="S3Exception">NoSuchKey or PreconditionFailed (rule W3).</exception>
    public void Judge(string? etag)
    {
        if (etag is null)
        {
            if (IfMatch is not null)
            {
                throw new S3Exception(S3Errors.NoSuchKey);
            }
        }
        else if (IsForNewKey)
        {
            throw Failed("If-None-Match");
        }
        else if (!ETags.ListHas(IfMatch!, etag))
        {
            throw Failed("If-Match");
        }
    }

    /// <summary>412, naming the condition as S3 does.</summary>
    public static S3Exception Failed(string condition) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", condition)] };
}
