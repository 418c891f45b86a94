namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Records that a key was deleted here.</summary>
/// <param name="Key">The key.</param>
/// <param name="Stamp">Identifies this tombstone among later ones of the same key, in the layer's own format, so that an undelete never
/// removes that of a newer delete.</param>
/// <param name="Made">When the key was last deleted, in whole seconds; null if the layer keeps no dates.</param>
public sealed record Tombstone(string Key, string Stamp, DateTimeOffset? Made)
{
    /// <summary>The delete marker of the same delete in a versioned bucket; null if there is none, and in listings.</summary>
    public string? Marker { get; init; }

    /// <summary>
    /// The version that was newest when a conditional delete began, for a key without a tombstone; null once the delete reached its marker,
    /// if there was none, and in listings.
    /// </summary>
    public string? Over { get; init; }
}
