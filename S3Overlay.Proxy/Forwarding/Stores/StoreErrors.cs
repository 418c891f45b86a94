using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Reads from stores' error codes whether an object exists.</summary>
internal static class StoreErrors
{
    /// <summary>
    /// True if the store has no such key, version or bucket, or cannot have one of that name (<see cref="ImpossibleNames"/>).
    /// </summary>
    public static bool IsAbsence(string? code) =>
        code is "NoSuchKey" or "NoSuchBucket" or "NoSuchVersion" || ImpossibleNames.IsOfKey(code) || ImpossibleNames.IsOfBucket(code);

    /// <summary>
    /// True if the store refuses a delete because it can have no object of that name, or has only a folder of it (Versity).
    /// </summary>
    public static bool LeavesNothingToDelete(string? code) => ImpossibleNames.IsOfKey(code) || code == "ErrDirectoryNotEmpty";

    /// <summary>True if the object exists but needs the client's key (SSE-C).</summary>
    public static bool IsEncrypted(WireError error) => ClientKeys.AreWantedBy(error.Message);
}
