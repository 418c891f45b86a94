using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>What stores say of an object in place of the object, where that tells whether it is there.</summary>
internal static class StoreErrors
{
    /// <summary>
    /// Whether the store can have no object of that name. The remote may well have one: S3 itself knows <c>x//y</c>, <c>..</c> and keys of 1024 bytes, which stores
    /// on file systems refuse.
    /// </summary>
    public static bool IsImpossibleName(WireError error) =>
        error.Code is "KeyTooLongError" or "XMinioInvalidObjectName" or "XMinioInvalidResourceName" or "InvalidObjectName" or "ObjectParentIsFile";

    /// <summary>Whether the object is there, and can be read by whoever brings its key (SSE-C).</summary>
    public static bool IsEncrypted(WireError error) =>
        error.Message.Contains("Server Side Encryption", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("server-side encryption", StringComparison.OrdinalIgnoreCase);
}
