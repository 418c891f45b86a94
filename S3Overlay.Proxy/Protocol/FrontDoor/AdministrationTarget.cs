namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>
/// Which requests are the administration's (rule A5): those for the bucket <c>-</c> in the path, a name that no bucket can have. Under a
/// bucket's own host name the same path is a key of that bucket.
/// </summary>
public static class AdministrationTarget
{
    /// <summary>The name in place of a bucket's.</summary>
    public const string Name = "-";

    /// <summary>Whether a target is the administration's.</summary>
    public static bool IsOne(RequestTarget target) => target is { Bucket: Name, IsVirtualHosted: false };
}
