using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Version ids where nothing is versioned: <c>null</c> names the object, any other names nothing (rule R8).</summary>
internal static class VersionIds
{
    /// <summary>Refuses an id that names nothing.</summary>
    /// <exception cref="S3Exception">NoSuchVersion; InvalidArgument for what could not be an id.</exception>
    public static void Check(string? versionId)
    {
        if (versionId is null or "null")
        {
            return;
        }

        if (versionId.Length == 0)
        {
            throw NamedVersions.Empty();
        }

        if (versionId.Length > 1024 || versionId.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new S3Exception(S3Errors.InvalidArgument, "Invalid version id specified")
            {
                Details = [new("ArgumentName", "versionId"), new("ArgumentValue", versionId)],
            };
        }

        throw new S3Exception(S3Errors.NoSuchVersion) { Details = [new("VersionId", versionId)] };
    }
}
