using System.Globalization;

namespace S3Overlay.Proxy.Protocol;

/// <summary>A failure that the client sees as an S3 error.</summary>
public sealed class S3Exception : Exception
{
    /// <summary>An error with its default message, or another one.</summary>
    public S3Exception(S3Error error, string? message = null, Exception? cause = null)
        : base(message ?? error.Message, cause) => Error = error;

    /// <summary>InvalidArgument, naming the argument and, unless it is null, its value.</summary>
    public static S3Exception Argument(string message, string name, string? value = null) => new(S3Errors.InvalidArgument, message)
        { Details = value is null ? [new("ArgumentName", name)] : [new("ArgumentName", name), new("ArgumentValue", value)] };

    /// <summary>The error for an archive to unpack in a bucket with a remote: unpacked objects would bypass the overlay.</summary>
    public static S3Exception ArchiveNotUnpacked() => new(S3Errors.NotImplemented,
        "Archives are not unpacked in buckets that have a remote: remove the snowball-auto-extract metadata.");

    /// <summary>A temporary failure.</summary>
    /// <param name="seconds">When the client may retry, as <c>Retry-After</c>.</param>
    /// <param name="message">Replaces the error's default message.</param>
    public static S3Exception ForNow(S3Error error, int seconds, string? message = null, Exception? cause = null) =>
        new(error, message, cause) { Headers = [new("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))] };

    /// <summary>
    /// The local layer refused a request that the overlay made for itself. Clients see 503: a 403 would blame their own key.
    /// </summary>
    /// <param name="forbidden">The local layer's AccessDenied.</param>
    public static S3Exception OfOverlaysOwn(S3Exception forbidden) => ForNow(S3Errors.ServiceUnavailable, 2, forbidden.Message, forbidden);

    /// <summary>Code and status.</summary>
    public S3Error Error { get; }

    /// <summary>More elements of the XML document, such as <c>ActualObjectSize</c>, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>More headers, such as <c>Retry-After</c> or <c>Content-Range</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}
