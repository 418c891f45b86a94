using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Whether a response refused a request for its region, and which region it names.</summary>
/// <param name="Region">The region; null if none is named. Responses to HEAD may not name it.</param>
/// <param name="IsOne">True if it is a refusal for the region.</param>
/// <param name="MayBeOne">True if it is or may be one. Responses to HEAD have no document to show it.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
internal readonly record struct RegionRefusal(string? Region, bool IsOne, bool MayBeOne)
{
    public const string Header = "x-amz-bucket-region";

    /// <summary>True if a response with this status can be one.</summary>
    public static bool IsPossible(int status) =>
        status is StatusCodes.Status301MovedPermanently or StatusCodes.Status307TemporaryRedirect or StatusCodes.Status400BadRequest;

    /// <summary>Judges a response.</summary>
    /// <param name="status">A status for which <see cref="IsPossible"/> is true.</param>
    /// <param name="header">The value of <see cref="Header"/>; null for none.</param>
    /// <param name="code">The error code; null without a document.</param>
    /// <param name="named">The region in the document; null for none.</param>
    public static RegionRefusal Of(int status, string? header, string? code, string? named)
    {
        var isSaid = code is "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect"
            or "IllegalLocationConstraintException";
        return new(header ?? (isSaid ? named : null), isSaid || (header is not null && status != StatusCodes.Status400BadRequest), isSaid
            || code is null);
    }
}
