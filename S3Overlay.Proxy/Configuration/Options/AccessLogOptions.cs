namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>How an access log line is written.</summary>
public enum AccessLogFormat
{
    /// <summary>Fixed columns for people, <c>grep</c> and <c>awk</c>.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,

    /// <summary>Amazon S3's server access log format, with the layer and <c>x-cache</c> as two more columns at the end.</summary>
    S3,
}

/// <summary>Where the access log goes, and how it is written.</summary>
/// <param name="File">The file that lines are appended to; null for the console.</param>
/// <param name="Format">The format of a line.</param>
/// <param name="Owner">The account that S3's format names as the bucket owner; null if none is set.</param>
public sealed record AccessLogOptions(string? File, AccessLogFormat Format, string? Owner)
{
    /// <summary>The value of <c>S3_OVERLAY_ACCESS_LOG</c> that turns the log off.</summary>
    public const string Off = "off";

    /// <summary>The value of <c>S3_OVERLAY_ACCESS_LOG</c> that sends it to the console.</summary>
    public const string Console = "console";
}
