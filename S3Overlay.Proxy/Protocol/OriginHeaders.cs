namespace S3Overlay.Proxy.Protocol;

/// <summary>The headers that show where a response is from (rule T4).</summary>
public static class OriginHeaders
{
    /// <summary>The layer: <c>local</c>, <c>cache</c>, <c>remote</c>.</summary>
    public const string Layer = "x-s3overlay-layer";

    /// <summary>The cache's part: <c>HIT</c>, <c>MISS</c>, <c>BYPASS</c> ...</summary>
    public const string Cache = "x-cache";
}
