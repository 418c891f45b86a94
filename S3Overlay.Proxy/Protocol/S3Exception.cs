using System.Globalization;

namespace S3Overlay.Proxy.Protocol;

/// <summary>A failure that the client is told of as an S3 error.</summary>
public sealed class S3Exception : Exception
{
    /// <summary>An error with its usual message, or a better one.</summary>
    public S3Exception(S3Error error, string? message = null, Exception? cause = null)
        : base(message ?? error.Message, cause) => Error = error;

    /// <summary>A failure that may pass.</summary>
    /// <param name="error">Its code and status.</param>
    /// <param name="seconds">When the client is to try again.</param>
    /// <param name="message">A better message than the error's own.</param>
    /// <param name="cause">What caused it.</param>
    public static S3Exception ForNow(S3Error error, int seconds, string? message = null, Exception? cause = null) =>
        new(error, message, cause)
    {
        Headers = [new("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))],
    };

    /// <summary>
    /// What local forbids the overlay, to a client who has not asked for it: a 403 would say that his own key lacks a right.
    /// </summary>
    /// <param name="forbidden">Local's AccessDenied.</param>
    public static S3Exception OfOverlaysOwn(S3Exception forbidden) => ForNow(S3Errors.ServiceUnavailable, 2, forbidden.Message, forbidden);

    /// <summary>Code and status.</summary>
    public S3Error Error { get; }

    /// <summary>Further elements of the XML body, such as <c>ActualObjectSize</c>; in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Further headers of the answer, such as <c>Retry-After</c> or <c>Content-Range</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}
