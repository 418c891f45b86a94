using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// The outcome of a local response that may start as 200 before the outcome is known: long copies and completes can end with an
/// <c>Error</c> document (rule W4).
/// </summary>
internal static class ErrorsInOkResponse
{
    /// <summary>Errors that prove that nothing was written. Any other error within a 200 proves nothing.</summary>
    private static readonly S3Error[] Refusals =
    [
        S3Errors.AccessDenied, S3Errors.BadDigest, S3Errors.ConditionalRequestConflict, S3Errors.EntityTooLarge, S3Errors.EntityTooSmall,
        S3Errors.InvalidArgument, S3Errors.InvalidPart,
        S3Errors.InvalidPartOrder, S3Errors.InvalidRequest, S3Errors.MalformedXml, S3Errors.NoSuchBucket, S3Errors.NoSuchKey,
        S3Errors.NoSuchUpload, S3Errors.NoSuchVersion,
        S3Errors.PreconditionFailed,
    ];

    /// <summary>The status of a response; for a 200 whose document is a refusal, the refusal's status.</summary>
    public static async ValueTask<int> StatusOfAsync(BufferedResponse answer, CancellationToken cancellationToken) =>
        answer is { Status: StatusCodes.Status200OK, IsCut: false } && await answer.ErrorAsync(cancellationToken) is { } told
        && Array.Find(Refusals, refusal => refusal.Code == told.Code) is { } refused
            ? refused.Status
            : answer.Status;
}
