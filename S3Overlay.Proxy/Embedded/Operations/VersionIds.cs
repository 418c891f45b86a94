using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// Version ids without versioning: <c>null</c> names the object, any other names nothing (rule R8). S3 calls ids that it did not issue
/// invalid; none was issued here.
/// </summary>
internal static class VersionIds
{
    /// <summary>Refuses an id that names nothing.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void Check(string? versionId)
    {
        if (versionId is null or "null")
        {
            return;
        }

        throw versionId.Length == 0
            ? ReadParameters.EmptyVersion()
            : new S3Exception(S3Errors.InvalidArgument, "Invalid version id specified")
                { Details = [new("ArgumentName", "versionId"), new("ArgumentValue", versionId)] };
    }

    /// <summary>The same for a key of DeleteObjects, where S3 reports such an id as NoSuchVersion.</summary>
    /// <exception cref="S3Exception">NoSuchVersion; InvalidArgument for the empty id.</exception>
    public static void CheckOfMany(string? versionId)
    {
        if (versionId is { Length: > 0 } and not "null")
        {
            throw new S3Exception(S3Errors.NoSuchVersion);
        }

        Check(versionId);
    }
}
