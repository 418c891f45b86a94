namespace S3Overlay.Proxy.Telemetry;

/// <summary>What the overlay says: event ids 6xxx.</summary>
public static partial class Log
{
    /// <summary>A layer's listing breaks the rules that a merge rests on.</summary>
    [LoggerMessage(6001, LogLevel.Error, "The {Layer} layer gave a listing that cannot be merged: {Problem}")]
    public static partial void ListingIsWrong(ILogger logger, string layer, string problem);

    /// <summary>The remote could not be listed, and the settings say to show local alone.</summary>
    [LoggerMessage(6002, LogLevel.Warning, "Bucket {Bucket} is listed without the remote, which failed: {Failure}")]
    public static partial void ListedLocalOnly(ILogger logger, string bucket, string failure);

    /// <summary>What is held of a key could not be dropped after a write; it is outranked all the same.</summary>
    [LoggerMessage(6003, LogLevel.Warning, "What is held of a key in {Bucket} could not be dropped after a write")]
    public static partial void InvalidationFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>One key of DeleteObjects failed for a reason that is not the client's.</summary>
    [LoggerMessage(6004, LogLevel.Error, "A key of DeleteObjects in {Bucket} could not be deleted")]
    public static partial void DeleteFailed(ILogger logger, string bucket, Exception exception);

    /// <summary>An operation failed after its answer had started with white space.</summary>
    [LoggerMessage(6005, LogLevel.Error, "Request {RequestId} failed after its answer had started: {Code}")]
    public static partial void SlowAnswerFailed(ILogger logger, string requestId, string code, Exception exception);

    /// <summary>The remote did not say which buckets it has.</summary>
    [LoggerMessage(6006, LogLevel.Warning, "The remote's buckets are not listed: {Failure}")]
    public static partial void RemoteBucketsUnknown(ILogger logger, string failure);

    /// <summary>Reads show the remote alone from now on.</summary>
    [LoggerMessage(6007, LogLevel.Error,
        "The local store is down: until it answers, reads show the remote alone, without what was written and deleted here")]
    public static partial void LocalIsDown(ILogger logger);

    /// <summary>Reads show both layers again.</summary>
    [LoggerMessage(6008, LogLevel.Warning, "The local store answers again")]
    public static partial void LocalIsBack(ILogger logger);

    /// <summary>What needs the remote fails at once from now on.</summary>
    [LoggerMessage(
        6009, LogLevel.Error,
        "Bucket {Bucket} of the remote {Remote} answers nothing: until it does, what is not held here is 503 at once, and copies past their life are served (S3_OVERLAY_STALE_IF_ERROR). It is asked once a second")]
    public static partial void RemoteIsDown(ILogger logger, string bucket, string remote);

    /// <summary>The remote is asked as usual again.</summary>
    [LoggerMessage(6010, LogLevel.Warning, "Bucket {Bucket} of the remote {Remote} answers again")]
    public static partial void RemoteIsBack(ILogger logger, string bucket, string remote);

    /// <summary>Copies of this bucket's objects may lack tags.</summary>
    [LoggerMessage(
        6011, LogLevel.Warning,
        "The remote does not let the tags of objects of {Bucket} be read, nor say whether there are any: copies of them are made without tags. Allow s3:GetObjectTagging to have them copied. Told once")]
    public static partial void CopiedWithoutTags(ILogger logger, string bucket);

    /// <summary>The same, for another reason.</summary>
    [LoggerMessage(
        6012, LogLevel.Warning,
        "The remote does not answer, and did not say how many tags the objects of {Bucket} have: copies of those that are held are made without tags. Told once")]
    public static partial void CopiedUnasked(ILogger logger, string bucket);
}
