namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Version ids as clients name them.</summary>
public static class NamedVersions
{
    /// <summary>
    /// Refuses a request whose version id is empty: it means no version, and must not become the same request of the object.
    /// </summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void RefuseEmpty(S3Request request)
    {
        if (request.Query["versionId"] is "")
        {
            throw Empty();
        }
    }

    /// <summary>What S3 says of an empty version id.</summary>
    public static S3Exception Empty() => new(S3Errors.InvalidArgument, "Version id cannot be the empty string")
    {
        Details = [new("ArgumentName", "versionId"), new("ArgumentValue", "")],
    };
}
