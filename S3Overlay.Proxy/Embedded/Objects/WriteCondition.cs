using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>A write's condition on the current object.</summary>
/// <param name="IfMatch">The ETag it must have, or null.</param>
/// <param name="IfAbsent">True if there must be no object.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html</remarks>
internal readonly record struct WriteCondition(string? IfMatch, bool IfAbsent)
{
    public static readonly WriteCondition None;

    /// <summary>Reads the headers of a write.</summary>
    /// <exception cref="S3Exception">NotImplemented for conditions that S3 does not support on writes.</exception>
    public static WriteCondition Of(IHeaderDictionary headers)
    {
        if (headers.IfModifiedSince.Count > 0 || headers.IfUnmodifiedSince.Count > 0)
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        return WriteConditions.Of(headers) is { } asked ? new WriteCondition(asked.IfMatch, asked.IsForNewKey) : None;
    }

    /// <summary>Judges the current object.</summary>
    /// <exception cref="S3Exception">PreconditionFailed; NoSuchKey if one must match and there is none.</exception>
    public void Judge(ObjectRow? current)
    {
        if (IfAbsent && current is not null)
        {
            throw Failed("If-None-Match");
        }

        if (IfMatch is null)
        {
            return;
        }

        if (current is null)
        {
            throw new S3Exception(S3Errors.NoSuchKey);
        }

        if (!ETags.ListHas(IfMatch, current.Info.ETag))
        {
            throw Failed("If-Match");
        }
    }

    private static S3Exception Failed(string condition) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", condition)] };
}
