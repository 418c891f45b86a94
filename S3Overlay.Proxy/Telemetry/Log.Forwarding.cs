namespace S3Overlay.Proxy.Telemetry;

/// <summary>What is said of an S3 endpoint as local: event ids 7xxx.</summary>
public static partial class Log
{
    /// <summary>The store broke off in the middle of an answer.</summary>
    [LoggerMessage(7001, LogLevel.Warning, "The local store broke off its answer to request {RequestId}, whose client was cut off: {Failure}")]
    public static partial void LocalAnswerCut(ILogger logger, string requestId, string failure);
}
