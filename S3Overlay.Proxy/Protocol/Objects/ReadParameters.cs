namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// What a read says of the object that it wants. S3 judges it before it looks for the object; who knows that there is none has to do so,
/// since nobody else will.
/// </summary>
public static class ReadParameters
{
    /// <summary>Refuses what cannot be meant, whatever the object is like.</summary>
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
