using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// Error codes for names that a store cannot have. S3 allows keys such as <c>x//y</c>, <c>../up</c> or one of 1024 bytes, and buckets such
/// as <c>My_Bucket</c>. Stores on file systems refuse them, even in reads. Nothing of that name exists there, but another layer may have
/// it.
/// </summary>
/// <remarks>
/// Taken from the sources of MinIO (<c>XMinio...</c>), Versity (<c>KeyTooLongError</c> for a path segment, <c>400</c> for a path that
/// leaves the bucket, <c>ObjectParentIsFile</c>) and Scality (<c>KeyTooLong</c> above 915 bytes).
/// </remarks>
internal static class ImpossibleNames
{
    /// <summary>True if the code means that no object can have the name.</summary>
    public static bool IsOfKey(string? code) =>
        code is "KeyTooLongError" or "KeyTooLong" or "XMinioInvalidObjectName" or "XMinioInvalidResourceName" or "InvalidObjectName"
            or "ObjectParentIsFile" or "400";

    /// <summary>True if the code means that no bucket can have the name.</summary>
    public static bool IsOfBucket(string? code) => code == S3Errors.InvalidBucketName.Code;
}
