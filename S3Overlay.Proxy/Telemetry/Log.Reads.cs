namespace S3Overlay.Proxy.Telemetry;

/// <summary>Fills and cache entries: event ids 4xxx. Keys are not logged: they belong to clients.</summary>
public static partial class Log
{
    /// <summary>The remote answered AccessDenied, which clients see as 404.</summary>
    [LoggerMessage(
        4001, LogLevel.Warning, "The remote refused an object of {Bucket} (AccessDenied); answered as 404 (S3_OVERLAY_REMOTE_FORBIDDEN)")]
    public static partial void RemoteRefused(ILogger logger, string bucket);

    /// <summary>A fill could not store its bytes; readers continue without the cache.</summary>
    [LoggerMessage(4002, LogLevel.Warning, "An object of {Bucket} could not be cached; reads continue uncached",
        EventName = "HeldStoreFailed")]
    public static partial void CacheFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>A fill ended early. Its bytes stay cached.</summary>
    [LoggerMessage(4003, LogLevel.Warning, "A fill of an object of {Bucket} ended early: {Failure}")]
    public static partial void FillFailed(ILogger logger, string bucket, string failure);

    /// <summary>The filled bytes do not match the ETag.</summary>
    [LoggerMessage(4004, LogLevel.Warning, "An object of {Bucket} is complete, but its MD5 is not its ETag; it is not cached")]
    public static partial void FillMismatch(ILogger logger, string bucket);

    /// <summary>A read failed after its response had started.</summary>
    [LoggerMessage(4005, LogLevel.Warning, "Request {RequestId}: the response was cut after it had started: {Failure}",
        EventName = "AnswerCut")]
    public static partial void ResponseCut(ILogger logger, string requestId, string failure);

    /// <summary>A cached block is damaged.</summary>
    [LoggerMessage(4006, LogLevel.Warning, "A damaged block of a cache entry was evicted ({File}, byte {Position})",
        EventName = "HeldBlockDamaged")]
    public static partial void CacheBlockDamaged(ILogger logger, string file, long position);

    /// <summary>A cache entry could not be opened and counts as a miss.</summary>
    [LoggerMessage(4007, LogLevel.Warning, "A cache entry cannot be used and is evicted ({File}): {Problem}",
        EventName = "HeldCopyUnusable")]
    public static partial void CacheEntryUnusable(ILogger logger, string file, string problem);

    /// <summary>The index of the cache cannot be used.</summary>
    [LoggerMessage(4008, LogLevel.Warning, "The index of the cache cannot be used; the cache starts empty: {Problem}",
        EventName = "HeldIndexUnusable")]
    public static partial void CacheIndexUnusable(ILogger logger, string problem);

    /// <summary>Cleaning up the cache failed; nothing else is affected.</summary>
    [LoggerMessage(4009, LogLevel.Warning, "Cleaning up the cache failed", EventName = "HeldCleaningFailed")]
    public static partial void CacheCleaningFailed(ILogger logger, Exception exception);

    /// <summary>A fill's bytes could not be uploaded. Logged once per entry.</summary>
    [LoggerMessage(4010, LogLevel.Warning, "An object of {Bucket} could not be put into the cache bucket; the next read fills it again",
        EventName = "HeldUploadFailed")]
    public static partial void CacheUploadFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>The cache bucket had orphaned objects.</summary>
    [LoggerMessage(4011, LogLevel.Information, "{Count} objects of the cache bucket belonged to no cache entry and were removed",
        EventName = "HeldStrangersRemoved")]
    public static partial void CacheOrphansRemoved(ILogger logger, long count);

    /// <summary>The remote responds, but does not revalidate. Logged once until it does.</summary>
    [LoggerMessage(4013, LogLevel.Warning,
        "Bucket {Bucket} of the remote {Remote} does not revalidate: {Failure}. Until it does, stale cache entries are served "
        + "(S3_OVERLAY_STALE_IF_ERROR)", EventName = "CopiesServedStale")]
    public static partial void EntriesServedStale(ILogger logger, string bucket, string remote, string failure);

    /// <summary>The remote revalidates again.</summary>
    [LoggerMessage(4014, LogLevel.Information, "Bucket {Bucket} of the remote {Remote} revalidates again",
        EventName = "CopiesComparedAgain")]
    public static partial void EntriesRevalidatedAgain(ILogger logger, string bucket, string remote);

    /// <summary>A revalidation could not be stored; the next reader repeats it.</summary>
    [LoggerMessage(4015, LogLevel.Warning, "A revalidation of an object of {Bucket} could not be stored; the next read repeats it",
        EventName = "HeldRenewalFailed")]
    public static partial void RevalidationNotStored(ILogger logger, string bucket, Exception exception);

    /// <summary>Cache entries are frozen, and the remote has newer versions. Logged at most once a minute and bucket.</summary>
    [LoggerMessage(4016, LogLevel.Warning,
        "The remote has other versions of objects of {Bucket} than the cache, which S3_OVERLAY_REVALIDATE=frozen keeps")]
    public static partial void RemoteDrifted(ILogger logger, string bucket);

    /// <summary>A chunked object could not be read back when it was complete.</summary>
    [LoggerMessage(4017, LogLevel.Warning, "A cached object of {Bucket} could not be compared with its digest; it stays cached, unchecked",
        EventName = "HeldCheckFailed")]
    public static partial void CacheCheckFailed(ILogger logger, string bucket, Exception exception);
}
