using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

internal static class ModelSettings
{
    public static (string Name, string Value)[] Of(ModelScene scene, string data, string spool) =>
    [
        ("S3_OVERLAY_PROXIES", scene.IsShared ? "2" : "1"),
        ("S3_OVERLAY_DATA_DIR", data),
        ("S3_OVERLAY_SPOOL_DIR", spool),
        ("S3_OVERLAY_DURABLE", "false"),
        ("S3_OVERLAY_BUCKET_MAPPING", "mapped:below/pre"),
        ("S3_OVERLAY_CACHE_ENABLED", scene.Freshness.Cache == ModelCache.Off ? "false" : "true"),
        ("S3_OVERLAY_REVALIDATE", scene.Freshness.Cache switch
        {
            ModelCache.Compared => "always",
            ModelCache.ForAWhile => $"{ModelFreshness.Life.TotalSeconds}s",
            ModelCache.Frozen => "frozen",
            _ => "never",
        }),
        ("S3_OVERLAY_STALE_IF_ERROR", $"{ModelFreshness.StaleIfError.TotalMinutes}m"),
        ("S3_OVERLAY_NEGATIVE_TTL", $"{scene.Absences.Life.TotalSeconds}s"),
        ("S3_OVERLAY_CHUNK_THRESHOLD", $"{ModelScene.ChunkThreshold >> 10}KiB"),
        ("S3_OVERLAY_CHUNK_SIZE", $"{scene.ChunkSize >> 10}KiB"),
        RemoteLimits.Connect,
        .. RemoteLimits.Far,
    ];
}
