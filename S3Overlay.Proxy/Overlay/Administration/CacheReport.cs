using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What is cached of a key.</summary>
/// <param name="Info">The remote version that the entry holds.</param>
/// <param name="Bytes">Cached bytes.</param>
/// <param name="ChunkSize">Chunk size in bytes; 0 for an entry that is filled whole.</param>
/// <param name="Validated">When the entry was last known to be current.</param>
/// <param name="Age">Time since then.</param>
/// <param name="IsUsable">True if reads use it. False if it belongs to another remote than the settings name now, or has another chunk
/// size; the next read evicts it then.</param>
/// <param name="IsFresh">True if reads use it without asking the remote first (rule S1).</param>
public sealed record CacheReport(ObjectInfo Info, long Bytes, long ChunkSize, DateTimeOffset Validated, TimeSpan Age, bool IsUsable,
    bool IsFresh)
{
    /// <summary>True if the whole object is cached.</summary>
    public bool IsWhole => Bytes == Info.Size;

    /// <summary>True if the entry is of this version.</summary>
    public bool IsOf(ObjectInfo version) => Info.Size == version.Size && ETags.Same(Info.ETag, version.ETag);
}
