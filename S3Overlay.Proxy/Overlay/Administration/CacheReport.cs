using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What is held of a key.</summary>
/// <param name="Info">The version of the remote's object that the copy is of.</param>
/// <param name="Bytes">How many of its bytes are held.</param>
/// <param name="ChunkSize">The size of its chunks in bytes; 0 for a copy that is held whole.</param>
/// <param name="Validated">When the copy was last known to be the remote's current version.</param>
/// <param name="Age">How long ago that is.</param>
/// <param name="IsUsable">Whether reads use it: not where it is of another remote than the settings name now, or cut into other chunks; the
/// next read drops it then.</param>
/// <param name="IsFresh">Whether reads use it without asking the remote first (rule S1).</param>
public sealed record CacheReport(ObjectInfo Info, long Bytes, long ChunkSize, DateTimeOffset Validated, TimeSpan Age, bool IsUsable,
    bool IsFresh)
{
    /// <summary>Whether all of it is held.</summary>
    public bool IsWhole => Bytes == Info.Size;

    /// <summary>Whether it is a copy of this version.</summary>
    public bool IsOf(ObjectInfo version) => Info.Size == version.Size && ETags.Same(Info.ETag, version.ETag);
}
