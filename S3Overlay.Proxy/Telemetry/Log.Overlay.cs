namespace S3Overlay.Proxy.Telemetry;

/// <summary>The overlay: event ids 6xxx.</summary>
public static partial class Log
{
    /// <summary>A layer's listing cannot be merged.</summary>
    [LoggerMessage(6001, LogLevel.Error, "The {Layer} layer gave a listing that cannot be merged: {Problem}")]
    public static partial void ListingIsWrong(ILogger logger, string layer, string problem);

    /// <summary>The remote could not be listed, and the settings allow showing the local layer alone.</summary>
    [LoggerMessage(6002, LogLevel.Warning, "Bucket {Bucket} is listed without the remote, which failed: {Failure}")]
    public static partial void ListedLocalOnly(ILogger logger, string bucket, string failure);

    /// <summary>A cache entry could not be evicted after a write. The write takes precedence anyway.</summary>
    [LoggerMessage(6003, LogLevel.Warning, "A cache entry in {Bucket} could not be evicted after a write")]
    public static partial void InvalidationFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>One key of DeleteObjects failed, and not because of the client.</summary>
    [LoggerMessage(6004, LogLevel.Error, "A key of DeleteObjects in {Bucket} could not be deleted")]
    public static partial void DeleteFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>An operation failed after its response had started with white space.</summary>
    [LoggerMessage(6005, LogLevel.Error, "Request {RequestId} failed after its response had started: {Code}",
        EventName = "SlowAnswerFailed")]
    public static partial void SlowResponseFailed(ILogger logger, string requestId, string code, Exception exception);

    /// <summary>The remote's buckets could not be listed.</summary>
    [LoggerMessage(6006, LogLevel.Warning, "The remote's buckets are not listed: {Failure}")]
    public static partial void RemoteBucketsUnknown(ILogger logger, string failure);

    /// <summary>From now on, reads show the remote alone.</summary>
    [LoggerMessage(6007, LogLevel.Error,
        "The local store is down: until it responds, reads show the remote alone, without local writes and deletes")]
    public static partial void LocalIsDown(ILogger logger);

    /// <summary>Reads show both layers again.</summary>
    [LoggerMessage(6008, LogLevel.Warning, "The local store answers again")]
    public static partial void LocalIsBack(ILogger logger);

    /// <summary>From now on, requests that need the remote fail at once.</summary>
    [LoggerMessage(6009, LogLevel.Error,
        "Bucket {Bucket} of the remote {Remote} does not respond: until it does, objects that are not cached get 503 at once, and stale "
        + "cache entries are served (S3_OVERLAY_STALE_IF_ERROR). It is probed once a second")]
    public static partial void RemoteIsDown(ILogger logger, string bucket, string remote);

    /// <summary>Requests use the remote again.</summary>
    [LoggerMessage(6010, LogLevel.Warning, "Bucket {Bucket} of the remote {Remote} answers again")]
    public static partial void RemoteIsBack(ILogger logger, string bucket, string remote);

    /// <summary>Objects of this bucket are copied without tags.</summary>
    [LoggerMessage(6011, LogLevel.Warning,
        "The remote does not allow reading the tags of objects in {Bucket}: they are copied without tags. Allow s3:GetObjectTagging to "
        + "copy them. Logged once")]
    public static partial void CopiedWithoutTags(ILogger logger, string bucket);

    /// <summary>The same, because the remote is down.</summary>
    [LoggerMessage(6012, LogLevel.Warning,
        "The remote does not respond, and the tags of objects in {Bucket} are unknown: cached objects are copied without tags. Logged "
        + "once")]
    public static partial void CopiedUnasked(ILogger logger, string bucket);
}
