using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// What endpoints say of names that they can give to nothing. S3 itself knows keys such as <c>x//y</c>, <c>../up</c>, or one of 1024 bytes,
/// and buckets such as <c>My_Bucket</c>; stores on file systems refuse them, in reads too. Nothing of such a name is there, and another
/// layer may well have it.
/// </summary>
/// <remarks>
/// As in the sources of MinIO (<c>XMinio...</c>), Versity (<c>KeyTooLongError</c> of a path's segment, <c>400</c> of a path that leads out
/// of the bucket, <c>ObjectParentIsFile</c>) and Scality (<c>KeyTooLong</c> above 915 bytes).
/// </remarks>
internal static class ImpossibleNames
{
    /// <summary>Whether an error's code says that no object can have the name.</summary>
    public static bool IsOfKey(string? code) =>
        code is "KeyTooLongError" or "KeyTooLong" or "XMinioInvalidObjectName" or "XMinioInvalidResourceName" or "InvalidObjectName"
            or "ObjectParentIsFile" or "400";

    /// <summary>Whether an error's code says that no bucket can have the name.</summary>
    public static bool IsOfBucket(string? code) => code == S3Errors.InvalidBucketName.Code;
}
