namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The mark that a key was deleted here.</summary>
/// <param name="Key">The key.</param>
/// <param name="Stamp">
/// What tells this tombstone from a later one of the same key, in the layer's own words: whoever takes one back takes this one, and not
/// that of a delete made since.
/// </param>
/// <param name="Made">When the key was last deleted, in whole seconds; null where the layer keeps no dates.</param>
public sealed record Tombstone(string Key, string Stamp, DateTimeOffset? Made)
{
    /// <summary>
    /// The delete marker that came of the same delete, where the bucket keeps versions; null where none did, and in listings, which do not
    /// tell.
    /// </summary>
    public string? Marker { get; init; }

    /// <summary>
    /// The version that was the newest when a conditional delete began, of a key that had no tombstone; null where that delete came as far
    /// as its marker, or where there was none, and in listings.
    /// </summary>
    public string? Over { get; init; }
}
