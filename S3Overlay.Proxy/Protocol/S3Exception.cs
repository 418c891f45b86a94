namespace S3Overlay.Proxy.Protocol;

/// <summary>A failure that the client is told of as an S3 error.</summary>
public sealed class S3Exception : Exception
{
    /// <summary>An error with its usual message, or a better one.</summary>
    public S3Exception(S3Error error, string? message = null, Exception? cause = null)
        : base(message ?? error.Message, cause) => Error = error;

    /// <summary>Code and status.</summary>
    public S3Error Error { get; }

    /// <summary>Further elements of the XML body, such as <c>ActualObjectSize</c>; in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Further headers of the answer, such as <c>Retry-After</c> or <c>Content-Range</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}
