using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Support;

/// <summary>Deletes of which no base is known.</summary>
public static class MarkedKeys
{
    /// <summary>Writes a key's tombstone.</summary>
    public static ValueTask MarkDeletedAsync(this ILayerState layer, string bucket, string key, CancellationToken cancellationToken) =>
        layer.MarkDeletedAsync(bucket, key, null, cancellationToken);
}
