namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// What administrators do: event ids 8xxx. Each call is told with the access key that signed it and all that it was about, keys and
/// prefixes too: who took what away is asked later. They stand percent-encoded, so that no key makes a line of its own.
/// </summary>
public static partial class Log
{
    /// <summary>A call has begun.</summary>
    [LoggerMessage(8001, LogLevel.Information, "Administration by {AccessKey}: {Call} (request {RequestId})")]
    public static partial void Administered(ILogger logger, string accessKey, string call, string requestId);

    /// <summary>A call is over.</summary>
    [LoggerMessage(8002, LogLevel.Information, "Administration by {AccessKey}: {Call} is done: {Result} (request {RequestId})")]
    public static partial void AdministrationDone(ILogger logger, string accessKey, string call, string result, string requestId);

    /// <summary>A call ended early.</summary>
    [LoggerMessage(8003, LogLevel.Warning, "Administration by {AccessKey}: {Call} failed: {Problem} (request {RequestId})")]
    public static partial void AdministrationFailed(ILogger logger, string accessKey, string call, string problem, string requestId,
        Exception? exception);
}
