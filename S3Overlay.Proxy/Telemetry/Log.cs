using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// All log messages of the proxy, generated, so that a disabled message costs a comparison. Event ids: 1xxx the process, 2xxx requests,
/// 4xxx fills and cache entries, 5xxx the built-in store, 6xxx the overlay, 7xxx an S3 endpoint as local layer, 8xxx administration. Never
/// logs a secret, a signature or a header's value (rule A4).
/// </summary>
public static partial class Log
{
    /// <summary>A setting that is probably a mistake.</summary>
    [LoggerMessage(1001, LogLevel.Warning, "{Problem}")]
    public static partial void SettingWarning(ILogger logger, string problem);

    /// <summary>One of the lines about what was started.</summary>
    [LoggerMessage(1002, LogLevel.Information, "{Line}")]
    public static partial void Started(ILogger logger, string line);

    /// <summary>A health check found a layer that does not respond.</summary>
    [LoggerMessage(1003, LogLevel.Warning, "The {Layer} is in trouble: {Problem}")]
    public static partial void LayerInTrouble(ILogger logger, string layer, string problem);

    /// <summary>The layer responds again.</summary>
    [LoggerMessage(1004, LogLevel.Information, "The {Layer} is well again")]
    public static partial void LayerWellAgain(ILogger logger, string layer);

    /// <summary>The remote's credentials could not be renewed in time. Logged once for each reason.</summary>
    [LoggerMessage(
        1005, LogLevel.Warning, "The credentials of the {Remote} could not be renewed; those in use are good until they expire. {Reason}")]
    public static partial void RemoteCredentialsNotRenewed(ILogger logger, string remote, string reason);

    /// <summary>The proxy is stopping and waits for requests.</summary>
    [LoggerMessage(1008, LogLevel.Information,
        "Stopping. Requests in progress: {Count}. They have {Seconds} s to finish; a second signal cuts them at once.")]
    public static partial void WaitingForRequests(ILogger logger, long count, double seconds);

    /// <summary>Requests did not finish before the proxy stopped.</summary>
    [LoggerMessage(1009, LogLevel.Warning,
        "Requests cut by the stop: {Count}, after {Seconds:F1} s. S3_OVERLAY_SHUTDOWN_TIMEOUT ({Limit} s) is how long a stop waits for "
        + "them.")]
    public static partial void RequestsCut(ILogger logger, long count, double seconds, double limit);

    /// <summary>The access log cannot be written; lines are dropped until it can.</summary>
    [LoggerMessage(1010, LogLevel.Warning, "The access log cannot be written to {Destination}: {Problem}. Lines are dropped until it can.")]
    public static partial void AccessLogFailed(ILogger logger, string destination, string problem);

    /// <summary>Lines of the access log were lost.</summary>
    [LoggerMessage(1011, LogLevel.Warning, "{Count} lines of the access log were dropped: {Destination} could not take them fast enough.")]
    public static partial void AccessLogDropped(ILogger logger, long count, string destination);

    /// <summary>The last lines of the access log did not get out before the process ended.</summary>
    [LoggerMessage(1012, LogLevel.Warning, "The last lines of the access log were not written: {Destination} did not take them in time.")]
    public static partial void AccessLogCutShort(ILogger logger, string destination);

    /// <summary>The web console could not be built. The next request tries again.</summary>
    [LoggerMessage(1013, LogLevel.Error, "The web console could not be opened")]
    public static partial void ConsoleNotOpened(ILogger logger, Exception exception);

    /// <summary>A mapped bucket is not usable.</summary>
    [LoggerMessage(1020, LogLevel.Warning, "{Finding}")]
    public static partial void MappingFailed(ILogger logger, string finding);

    /// <summary>Whether a mapped bucket is usable is unknown.</summary>
    [LoggerMessage(1021, LogLevel.Information, "{Finding}")]
    public static partial void MappingUndecided(ILogger logger, string finding);

    /// <summary>A mapped bucket is usable again.</summary>
    [LoggerMessage(1022, LogLevel.Information, "{Finding}")]
    public static partial void MappingWellAgain(ILogger logger, string finding);

    /// <summary>A client disconnected before its response was complete.</summary>
    [LoggerMessage(2001, LogLevel.Debug, "Request {RequestId} ({Operation}): the client left")]
    public static partial void ClientLeft(ILogger logger, string requestId, S3Operation operation);

    /// <summary>A request failed, and not because of the client.</summary>
    [LoggerMessage(2002, LogLevel.Error, "Request {RequestId} ({Operation}) failed: {Code}: {Message}")]
    public static partial void RequestFailed(
        ILogger logger, string requestId, S3Operation operation, string code, string message, Exception? exception);

    /// <summary>
    /// A request could not be served for now. The message names the cause, without a stack trace: it would not help an operator, and a
    /// store that is down would fill the log with them.
    /// </summary>
    [LoggerMessage(2003, LogLevel.Warning, "Request {RequestId} ({Operation}) could not be served: {Code}: {Message}")]
    public static partial void RequestUnavailable(ILogger logger, string requestId, S3Operation operation, string code, string message);
}
