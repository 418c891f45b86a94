namespace S3Overlay.Proxy.Telemetry;

/// <summary>What is told of copies that are kept under their own keys.</summary>
public static partial class Log
{
    /// <summary>A bucket's copies are not put into it.</summary>
    [LoggerMessage(4012, LogLevel.Warning, "Copies of objects in {Bucket} are kept in the cache bucket, whatever S3_OVERLAY_CACHE_PLACE says: {Reason}")]
    public static partial void CopiesPlacedElsewhere(ILogger logger, string bucket, string reason);
}
