namespace S3Overlay.Proxy.Telemetry;

/// <summary>What is said of an S3 endpoint as the local layer: event ids 7xxx.</summary>
public static partial class Log
{
    /// <summary>What the endpoint was found to be able to do.</summary>
    [LoggerMessage(7001, LogLevel.Information, "The local store can do: {Capabilities}")]
    public static partial void StoreProbed(ILogger logger, string capabilities);

    /// <summary>The endpoint could not be asked.</summary>
    [LoggerMessage(7002, LogLevel.Warning, "{Failure} It is tried again every {Seconds} seconds")]
    public static partial void StoreNotReachable(ILogger logger, string failure, double seconds);

    /// <summary>The store broke off in the middle of an answer.</summary>
    [LoggerMessage(
        7003, LogLevel.Warning, "The local store broke off its answer to request {RequestId}, whose client was cut off: {Failure}")]
    public static partial void LocalAnswerCut(ILogger logger, string requestId, string failure);

    /// <summary>The bucket made for finding out what the store can do could not be deleted.</summary>
    [LoggerMessage(7004, LogLevel.Warning,
        "The bucket {Bucket}, made to find out what the local store can do, could not be deleted again, and may be by hand: {Failure}")]
    public static partial void ProbeBucketLeft(ILogger logger, string bucket, string failure);

    /// <summary>The store answers, and does not let the proxy find out what it can do.</summary>
    [LoggerMessage(
        7005,
        LogLevel.Warning,
        "What the local store can do is not known, since it refuses the trial: {Failure} Until it is, large uploads with a checksum behind them wait in a file for their end, and conditions are not known to be judged. "
        + "Let the proxy's keys make buckets there, or make the bucket {Bucket} and let them write to it. It is tried again every {Minutes} minutes.")]
    public static partial void StoreNotProbed(ILogger logger, string failure, string bucket, double minutes);
}
