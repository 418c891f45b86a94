namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// Checks the parameters of a read. S3 does so before it looks up the object; code that knows that there is no object must do it itself.
/// </summary>
public static class ReadParameters
{
    /// <summary>Rejects parameters that are invalid for every object.</summary>
    /// <exception cref="S3Exception">InvalidArgument, InvalidRequest.</exception>
    public static void Check(S3Request request)
    {
        RefuseEmptyVersion(request);
        switch (request.Operation)
        {
            case S3Operation.GetObject or S3Operation.HeadObject:
                _ = PartNumbers.OfRead(request);
                break;
            case S3Operation.GetObjectAttributes:
                ObjectAttributes.Check(request);
                break;
        }
    }

    /// <summary>Rejects an empty version id: it must not become a request for the current version.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void RefuseEmptyVersion(S3Request request)
    {
        if (request.Query["versionId"] is "")
        {
            throw EmptyVersion();
        }
    }

    /// <summary>S3's error for an empty version id.</summary>
    public static S3Exception EmptyVersion() => S3Exception.Argument("Version id cannot be the empty string", "versionId", "");
}
