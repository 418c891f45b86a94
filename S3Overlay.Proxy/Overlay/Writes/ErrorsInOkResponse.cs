using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// What local answered, which it may have begun as a 200 before it knew: copies and completes that take long end with an <c>Error</c> then
/// (rule W4).
/// </summary>
internal static class ErrorsInOkResponse
{
    /// <summary>Errors that say that nothing was written. Of any other within a 200 nobody knows.</summary>
    private static readonly S3Error[] Refusals =
    [
        S3Errors.AccessDenied, S3Errors.BadDigest, S3Errors.ConditionalRequestConflict, S3Errors.EntityTooLarge, S3Errors.EntityTooSmall,
        S3Errors.InvalidArgument, S3Errors.InvalidPart,
        S3Errors.InvalidPartOrder, S3Errors.InvalidRequest, S3Errors.MalformedXml, S3Errors.NoSuchBucket, S3Errors.NoSuchKey,
        S3Errors.NoSuchUpload, S3Errors.NoSuchVersion,
        S3Errors.PreconditionFailed,
    ];

    /// <summary>The status of an answer: where that is a 200 and its document a refusal, the status that would have said so.</summary>
    public static async ValueTask<int> StatusOfAsync(BufferedResponse answer, CancellationToken cancellationToken) =>
        answer is { Status: StatusCodes.Status200OK, IsCut: false } && await answer.ErrorAsync(cancellationToken) is { } told
        && Array.Find(Refusals, refusal => refusal.Code == told.Code) is { } refused
            ? refused.Status
            : answer.Status;
}
