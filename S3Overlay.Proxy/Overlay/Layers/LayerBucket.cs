namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>A bucket of one layer.</summary>
/// <param name="Name">Its name in that layer.</param>
/// <param name="Created">When it was created.</param>
public sealed record LayerBucket(string Name, DateTimeOffset Created);
