using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Every log message of the proxy, in one place: generated, so that a message nobody listens for costs a comparison. Event ids: 1xxx the
/// process, 2xxx requests, 4xxx fills and held copies, 5xxx the built-in store, 6xxx the overlay, 7xxx an S3 endpoint as local, 8xxx the
/// administration. Never a secret, a signature or a header's value (rule A4).
/// </summary>
public static partial class Log
{
    /// <summary>A setting that is likely not meant.</summary>
    [LoggerMessage(1001, LogLevel.Warning, "{Problem}")]
    public static partial void SettingWarning(ILogger logger, string problem);

    /// <summary>One of the lines that say what was started.</summary>
    [LoggerMessage(1002, LogLevel.Information, "{Line}")]
    public static partial void Started(ILogger logger, string line);

    /// <summary>A layer does not answer, as somebody who asked for the proxy's health found out.</summary>
    [LoggerMessage(1003, LogLevel.Warning, "The {Layer} is in trouble: {Problem}")]
    public static partial void LayerInTrouble(ILogger logger, string layer, string problem);

    /// <summary>It answers again.</summary>
    [LoggerMessage(1004, LogLevel.Information, "The {Layer} is well again")]
    public static partial void LayerWellAgain(ILogger logger, string layer);

    /// <summary>Keys of the remote that are in use could not be renewed in time. Once for each reason.</summary>
    [LoggerMessage(
        1005, LogLevel.Warning, "The credentials of the {Remote} could not be renewed; those in use are good until they expire. {Reason}")]
    public static partial void RemoteCredentialsNotRenewed(ILogger logger, string remote, string reason);

    /// <summary>The proxy is stopping and waits for requests.</summary>
    [LoggerMessage(1008, LogLevel.Information,
        "Stopping. Requests in progress: {Count}. They have {Seconds} s to finish; a second signal cuts them at once.")]
    public static partial void WaitingForRequests(ILogger logger, long count, double seconds);

    /// <summary>Requests did not finish before the proxy stopped.</summary>
    [LoggerMessage(
        1009, LogLevel.Warning,
        "Requests cut by the stop: {Count}, after {Seconds:F1} s. S3_OVERLAY_SHUTDOWN_TIMEOUT ({Limit} s) is how long a stop waits for them.")]
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

    /// <summary>A bucket that is mapped cannot be as it should be.</summary>
    [LoggerMessage(1020, LogLevel.Warning, "{Finding}")]
    public static partial void MappingFailed(ILogger logger, string finding);

    /// <summary>It cannot be told whether a bucket that is mapped is as it should be.</summary>
    [LoggerMessage(1021, LogLevel.Information, "{Finding}")]
    public static partial void MappingUndecided(ILogger logger, string finding);

    /// <summary>A bucket that is mapped is as it should be, and was not before.</summary>
    [LoggerMessage(1022, LogLevel.Information, "{Finding}")]
    public static partial void MappingWellAgain(ILogger logger, string finding);

    /// <summary>A client went away before its answer was whole: its own matter.</summary>
    [LoggerMessage(2001, LogLevel.Debug, "Request {RequestId} ({Operation}): the client left")]
    public static partial void ClientLeft(ILogger logger, string requestId, S3Operation operation);

    /// <summary>A request was answered with an error that is not the client's fault.</summary>
    [LoggerMessage(2002, LogLevel.Error, "Request {RequestId} ({Operation}) failed: {Code}: {Message}")]
    public static partial void RequestFailed(
        ILogger logger, string requestId, S3Operation operation, string code, string message, Exception? exception);

    /// <summary>A request could not be served for now. The message names the cause: how this process came to know of it (a stack) tells an
    /// operator nothing, and a store that is down would fill the log with it.</summary>
    [LoggerMessage(2003, LogLevel.Warning, "Request {RequestId} ({Operation}) could not be served: {Code}: {Message}")]
    public static partial void RequestUnavailable(ILogger logger, string requestId, S3Operation operation, string code, string message);
}
