namespace S3Overlay.Proxy.Telemetry;

/// <summary>An S3 endpoint as the local layer: event ids 7xxx.</summary>
public static partial class Log
{
    /// <summary>The capabilities that the probe found.</summary>
    [LoggerMessage(7001, LogLevel.Information, "The local store can do: {Capabilities}")]
    public static partial void StoreProbed(ILogger logger, string capabilities);

    /// <summary>The endpoint could not be probed.</summary>
    [LoggerMessage(7002, LogLevel.Warning, "{Failure} It is tried again every {Seconds} seconds")]
    public static partial void StoreNotReachable(ILogger logger, string failure, double seconds);

    /// <summary>The store broke off a response.</summary>
    [LoggerMessage(
        7003, LogLevel.Warning, "The local store broke off its response to request {RequestId}; the client was cut off: {Failure}",
        EventName = "LocalAnswerCut")]
    public static partial void LocalResponseCut(ILogger logger, string requestId, string failure);

    /// <summary>The probe's bucket could not be deleted.</summary>
    [LoggerMessage(7004, LogLevel.Warning,
        "The bucket {Bucket}, created to probe the local store, could not be deleted. You can delete it: {Failure}")]
    public static partial void ProbeBucketLeft(ILogger logger, string bucket, string failure);

    /// <summary>The store responds, but refuses the probe.</summary>
    [LoggerMessage(7005, LogLevel.Warning,
        "What the local store can do is unknown, since it refuses the probe: {Failure} Until then, large uploads with a checksum after "
        + "the body are spooled to a file, and the store is not trusted to check conditions. Allow the proxy's keys to create buckets "
        + "there, or create the bucket {Bucket} and allow them to write to it. Next probe in {Minutes} minutes.")]
    public static partial void StoreNotProbed(ILogger logger, string failure, string bucket, double minutes);
}
