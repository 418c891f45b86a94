namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Version ids in requests.</summary>
public static class NamedVersions
{
    /// <summary>Rejects an empty version id: it must not become a request for the current version.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void RefuseEmpty(S3Request request)
    {
        if (request.Query["versionId"] is "")
        {
            throw Empty();
        }
    }

    /// <summary>S3's error for an empty version id.</summary>
    public static S3Exception Empty() => new(S3Errors.InvalidArgument, "Version id cannot be the empty string")
    {
        Details = [new("ArgumentName", "versionId"), new("ArgumentValue", "")],
    };
}
