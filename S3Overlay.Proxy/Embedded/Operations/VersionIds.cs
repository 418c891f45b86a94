using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// Version ids where nothing is versioned: <c>null</c> names the object, any other names nothing (rule R8). S3 knows the ids that it has
/// given, and calls all others invalid; none was given here.
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
            ? NamedVersions.Empty()
            : new S3Exception(S3Errors.InvalidArgument, "Invalid version id specified")
                { Details = [new("ArgumentName", "versionId"), new("ArgumentValue", versionId)] };
    }

    /// <summary>The same for one key of many, where S3 says of any such id that there is no version of it.</summary>
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
