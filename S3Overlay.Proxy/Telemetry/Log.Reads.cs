namespace S3Overlay.Proxy.Telemetry;

/// <summary>What fills and held copies say: event ids 4xxx. No keys: they are the clients' own.</summary>
public static partial class Log
{
    /// <summary>The remote said AccessDenied on an object, which clients see as 404.</summary>
    [LoggerMessage(
        4001, LogLevel.Warning, "The remote refused an object of {Bucket} (AccessDenied); answered as 404 (S3_OVERLAY_REMOTE_FORBIDDEN)")]
    public static partial void RemoteRefused(ILogger logger, string bucket);

    /// <summary>A fill could not store what came: readers go on without.</summary>
    [LoggerMessage(4002, LogLevel.Warning, "A copy of an object of {Bucket} could not be stored; reads go on uncached")]
    public static partial void HeldStoreFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>A fill broke; what came before stays.</summary>
    [LoggerMessage(4003, LogLevel.Warning, "A fill of an object of {Bucket} ended early: {Failure}")]
    public static partial void FillFailed(ILogger logger, string bucket, string failure);

    /// <summary>The bytes of a fill are not those that its ETag promises.</summary>
    [LoggerMessage(4004, LogLevel.Warning, "An object of {Bucket} came whole, but its MD5 is not its ETag; it is not held")]
    public static partial void FillMismatch(ILogger logger, string bucket);

    /// <summary>A read could not be finished after its answer had started.</summary>
    [LoggerMessage(4005, LogLevel.Warning, "Request {RequestId}: the answer was cut after it had started: {Failure}")]
    public static partial void AnswerCut(ILogger logger, string requestId, string failure);

    /// <summary>A held block was not what had been stored.</summary>
    [LoggerMessage(4006, LogLevel.Warning, "A damaged block of a held copy was dropped ({File}, byte {Position})")]
    public static partial void HeldBlockDamaged(ILogger logger, string file, long position);

    /// <summary>A held copy could not be opened, and is treated as not held.</summary>
    [LoggerMessage(4007, LogLevel.Warning, "A held copy cannot be used and is dropped ({File}): {Problem}")]
    public static partial void HeldCopyUnusable(ILogger logger, string file, string problem);

    /// <summary>The index of held copies cannot be used.</summary>
    [LoggerMessage(4008, LogLevel.Warning, "The index of held copies cannot be used; the cache starts empty: {Problem}")]
    public static partial void HeldIndexUnusable(ILogger logger, string problem);

    /// <summary>Cleaning up behind the cache failed; nothing else is affected.</summary>
    [LoggerMessage(4009, LogLevel.Warning, "Cleaning up held copies failed")]
    public static partial void HeldCleaningFailed(ILogger logger, Exception exception);

    /// <summary>What a fill brought could not be put into the store; told once a copy.</summary>
    [LoggerMessage(4010, LogLevel.Warning,
        "A copy of an object of {Bucket} could not be put into the cache bucket; it is fetched again when it is read")]
    public static partial void HeldUploadFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>Objects of the cache bucket were found that belong to nothing.</summary>
    [LoggerMessage(4011, LogLevel.Information, "{Count} objects of the cache bucket belonged to no copy and were removed")]
    public static partial void HeldStrangersRemoved(ILogger logger, long count);

    /// <summary>The remote answers, but does not say whether a copy is current; told once until it does.</summary>
    [LoggerMessage(
        4013, LogLevel.Warning,
        "Bucket {Bucket} of the remote {Remote} does not say whether copies are current: {Failure}. Until it does, copies past their life are served (S3_OVERLAY_STALE_IF_ERROR)")]
    public static partial void CopiesServedStale(ILogger logger, string bucket, string remote, string failure);

    /// <summary>The remote says again whether copies are current.</summary>
    [LoggerMessage(4014, LogLevel.Information, "Bucket {Bucket} of the remote {Remote} says again whether copies are current")]
    public static partial void CopiesComparedAgain(ILogger logger, string bucket, string remote);

    /// <summary>That a copy is current could not be noted; the next reader asks again.</summary>
    [LoggerMessage(4015, LogLevel.Warning, "That a copy of an object of {Bucket} is current could not be noted; the remote is asked again")]
    public static partial void HeldRenewalFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>Copies are frozen, and the remote has moved on; told at most once a minute and bucket.</summary>
    [LoggerMessage(
        4016, LogLevel.Warning,
        "The remote has other versions of objects of {Bucket} than the copies that are held, which S3_OVERLAY_REVALIDATE=frozen keeps as they are")]
    public static partial void RemoteDrifted(ILogger logger, string bucket);

    /// <summary>An object in chunks could not be read back once it was whole.</summary>
    [LoggerMessage(4017, LogLevel.Warning,
        "A copy of an object of {Bucket} could not be compared with what the remote promised of it; it is held unchecked")]
    public static partial void HeldCheckFailed(ILogger logger, string bucket, Exception exception);
}
