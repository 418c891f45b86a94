namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The index has more pending changes than may be kept in memory, and its disk still refuses them.</summary>
internal sealed class IndexBehindException : IOException
{
    /// <summary>Wraps the failure and keeps its error code.</summary>
    public IndexBehindException(Exception cause)
        : base(cause.Message, cause) => HResult = cause.HResult;
}
