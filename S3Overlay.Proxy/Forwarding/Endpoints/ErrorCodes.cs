using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// What the error codes of stores mean. Some are for names that a store cannot have: S3 allows keys such as <c>x//y</c>, <c>../up</c> or
/// one of 1024 bytes, and buckets such as <c>My_Bucket</c>. Stores on file systems refuse them, even in reads. Nothing of that name exists
/// there, but another layer may have it.
/// </summary>
/// <remarks>
/// Taken from the sources of MinIO (<c>XMinio...</c>), Versity (<c>KeyTooLongError</c> for a path segment, <c>400</c> for a path that
/// leaves the bucket, <c>ObjectParentIsFile</c>) and Scality (<c>KeyTooLong</c> above 915 bytes).
/// </remarks>
internal static class ErrorCodes
{
    /// <summary>True if the code means that no object can have the name.</summary>
    public static bool IsImpossibleKey(string? code) =>
        code is "KeyTooLongError" or "KeyTooLong" or "XMinioInvalidObjectName" or "XMinioInvalidResourceName" or "InvalidObjectName"
            or "ObjectParentIsFile" or "400";

    /// <summary>True if the code means that no bucket can have the name.</summary>
    public static bool IsImpossibleBucket(string? code) => code == S3Errors.InvalidBucketName.Code;

    /// <summary>True if the store has no such key, version or bucket, or cannot have one of that name.</summary>
    public static bool IsAbsence(string? code) =>
        code is "NoSuchKey" or "NoSuchBucket" or "NoSuchVersion" || IsImpossibleKey(code) || IsImpossibleBucket(code);

    /// <summary>
    /// True if the store refuses a delete because it can have no object of that name, or has only a folder of it (Versity).
    /// </summary>
    public static bool LeavesNothingToDelete(string? code) => IsImpossibleKey(code) || code == "ErrDirectoryNotEmpty";

    /// <summary>True if the object exists but needs the client's key (SSE-C).</summary>
    public static bool IsEncrypted(WireError error) => ClientKeys.AreWantedBy(error.Message);

    /// <summary>What the status and code of an error mean.</summary>
    public static RemoteFailure Classify(int status, string code) => code switch
    {
        "NoSuchKey" or "NoSuchVersion" => RemoteFailure.NoSuchKey,
        "NoSuchBucket" => RemoteFailure.NoSuchBucket,
        _ when IsImpossibleKey(code) => RemoteFailure.NoSuchKey,
        _ when IsImpossibleBucket(code) => RemoteFailure.NoSuchBucket,
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
