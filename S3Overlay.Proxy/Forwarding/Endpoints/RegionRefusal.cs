using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// What an answer says of a bucket's region, where it may be a refusal for having come to, or having been signed for, another.
/// </summary>
/// <param name="Region">The region it names; null where it names none, as answers to HEAD may not.</param>
/// <param name="IsOne">Whether it is such a refusal.</param>
/// <param name="MayBeOne">Whether it is, or cannot be told from one: answers to HEAD have no document.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
internal readonly record struct RegionRefusal(string? Region, bool IsOne, bool MayBeOne)
{
    /// <summary>The header that names a bucket's region.</summary>
    public const string Header = "x-amz-bucket-region";

    /// <summary>Whether an answer of a status can be one at all.</summary>
    public static bool IsPossible(int status) =>
        status is StatusCodes.Status301MovedPermanently or StatusCodes.Status307TemporaryRedirect or StatusCodes.Status400BadRequest;

    /// <summary>Reads it.</summary>
    /// <param name="status">The answer's status, which is possible.</param>
    /// <param name="header">What it names in <see cref="Header"/>; null for nothing.</param>
    /// <param name="code">The code of its document; null where it has none, as answers to HEAD.</param>
    /// <param name="named">The region that its document names; null for none.</param>
    public static RegionRefusal Of(int status, string? header, string? code, string? named)
    {
        var isSaid = code is "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect"
            or "IllegalLocationConstraintException";
        return new(header ?? (isSaid ? named : null), isSaid || (header is not null && status != StatusCodes.Status400BadRequest), isSaid
            || code is null);
    }
}
