namespace S3Overlay.Proxy.Protocol;

/// <summary>The headers that say where an answer comes from (rule T4).</summary>
public static class OriginHeaders
{
    /// <summary>The layer: <c>local</c>, <c>cache</c>, <c>remote</c>.</summary>
    public const string Layer = "x-s3overlay-layer";

    /// <summary>The cache's part in it: <c>HIT</c>, <c>MISS</c>, <c>BYPASS</c> ...</summary>
    public const string Cache = "x-cache";
}
