using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>What a look at a key found.</summary>
/// <param name="Copy">The copy that is there; null where there is none.</param>
/// <param name="IsAbsent">Whether nothing is there at all; else what is no copy is written.</param>
internal readonly record struct PlacedLook(ICacheEntry? Copy, bool IsAbsent)
{
    /// <summary>
    /// The headers by which the store says that the newest version of the key is a delete marker; null where it does not.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Marker { get; init; }
}
