using Microsoft.Extensions.Logging;

namespace S3Overlay.WebConsole;

/// <summary>The console's log messages.</summary>
internal static partial class Logged
{
    [LoggerMessage(9001, LogLevel.Error, "The console failed at {Path}")]
    public static partial void Failed(ILogger logger, string path, Exception exception);

    [LoggerMessage(9002, LogLevel.Information, "{AccessKey} signed in to the console from {Address}")]
    public static partial void SignedIn(ILogger logger, string accessKey, string address);

    [LoggerMessage(9003, LogLevel.Warning, "A sign-in to the console from {Address} failed: {Reason}")]
    public static partial void Refused(ILogger logger, string address, string reason);
}
