using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>What stores say of an object in place of the object, where that tells whether it is there.</summary>
internal static class StoreErrors
{
    /// <summary>
    /// Whether the store has no such key, version or bucket, or can have none of that name (<see cref="ImpossibleNames"/>).
    /// </summary>
    public static bool IsAbsence(string? code) =>
        code is "NoSuchKey" or "NoSuchBucket" or "NoSuchVersion" || ImpossibleNames.IsOfKey(code) || ImpossibleNames.IsOfBucket(code);

    /// <summary>
    /// Whether a delete is refused because the store can have no object of that name, or has a folder of it and no object (Versity).
    /// </summary>
    public static bool LeavesNothingToDelete(string? code) => ImpossibleNames.IsOfKey(code) || code == "ErrDirectoryNotEmpty";

    /// <summary>Whether the object is there, and can be read by whoever brings its key (SSE-C).</summary>
    public static bool IsEncrypted(WireError error) => ClientKeys.AreWantedBy(error.Message);
}
