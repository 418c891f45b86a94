using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>Maps an endpoint's errors to <see cref="RemoteException"/>.</summary>
internal static class RemoteErrors
{
    /// <summary>Reads a response of status 300 or above.</summary>
    public static async ValueTask<RemoteException> ReadAsync(WireResponse answer, bool isHead, CancellationToken cancellationToken)
    {
        var error = isHead ? new WireError(OfHead(answer.Status), "", null) : await answer.ErrorAsync(cancellationToken);
        return new RemoteException(Classify(answer.Status, error.Code), error.Message.Length > 0 ? error.Message
            : $"The remote answered {answer.Status} {error.Code}".TrimEnd() + ".")
        {
            Status = answer.Status,
            Code = error.Code,
            LastModified = answer.Status == 304 && HttpDates.TryParseHeader(answer.Header("Last-Modified"), out var date) ? date : null,
            DeleteMarker = answer.Status == 405 ? MarkerHeaders.Of(answer.Message) ?? [] : [],
            ActualSize = answer.Status == 416 ? ContentRanges.ParseUnsatisfied(answer.Header("Content-Range")) : null,
        };
    }

    /// <summary>The code of an error without a document, if its status has only one. S3 answers 405 for a delete marker.</summary>
    private static string OfHead(int status) => status == S3Errors.MethodNotAllowed.Status ? S3Errors.MethodNotAllowed.Code : "";

    private static RemoteFailure Classify(int status, string code) => code switch
    {
        "NoSuchKey" or "NoSuchVersion" => RemoteFailure.NoSuchKey,
        "NoSuchBucket" => RemoteFailure.NoSuchBucket,
        _ when ImpossibleNames.IsOfKey(code) => RemoteFailure.NoSuchKey,
        _ when ImpossibleNames.IsOfBucket(code) => RemoteFailure.NoSuchBucket,
        "AccessDenied" or "AllAccessDisabled" or "AccountProblem" => RemoteFailure.AccessDenied,
        "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired"
            or "RequestTimeTooSkewed" or "RequestExpired"
            or "AuthorizationHeaderMalformed" or "InvalidSecurity" or "NotSignedUp" or "CredentialsNotSupported" =>
                RemoteFailure.BadCredentials,
        "PreconditionFailed" => RemoteFailure.Changed,
        "InvalidRange" => RemoteFailure.InvalidRange,
        "SlowDown" => RemoteFailure.Throttled,
        "LoopDetected" => RemoteFailure.Loop,
        _ => status switch
        {
            304 => RemoteFailure.NotModified,
            404 => RemoteFailure.NoSuchKey,
            401 or 403 when code.Length == 0 => RemoteFailure.AccessDenied,
            412 => RemoteFailure.Changed,
            416 => RemoteFailure.InvalidRange,
            508 => RemoteFailure.Loop,
            _ => RemoteFailure.Other,
        },
    };
}
