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
        NamedVersions.RefuseEmpty(request);
        switch (request.Operation)
        {
            case S3Operation.GetObject or S3Operation.HeadObject:
                _ = PartNumbers.OfRead(request);
                break;
            case S3Operation.GetObjectAttributes:
                ObjectAttributes.Check(request);
                break;
            default:
                break;
        }
    }
}
