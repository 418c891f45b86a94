namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Administration: event ids 8xxx. Each call is logged with the access key that signed it and everything it names, including keys and
/// prefixes, so that you can find out later who removed what. Values are percent-encoded, so that no key can fake a line.
/// </summary>
public static partial class Log
{
    /// <summary>A call has begun.</summary>
    [LoggerMessage(EventId = 8001, Message = "Administration by {AccessKey}: {Call} (request {RequestId})")]
    public static partial void Administered(ILogger logger, LogLevel level, string accessKey, string call, string requestId);

    /// <summary>A call is over.</summary>
    [LoggerMessage(EventId = 8002, Message = "Administration by {AccessKey}: {Call} is done: {Result} (request {RequestId})")]
    public static partial void AdministrationDone(ILogger logger, LogLevel level, string accessKey, string call, string result,
        string requestId);

    /// <summary>A call ended early.</summary>
    [LoggerMessage(8003, LogLevel.Warning, "Administration by {AccessKey}: {Call} failed: {Problem} (request {RequestId})")]
    public static partial void AdministrationFailed(ILogger logger, string accessKey, string call, string problem, string requestId,
        Exception? exception);
}
