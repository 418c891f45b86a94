namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The index is to be told more than may be kept in memory, and its disk still does not take it.</summary>
internal sealed class IndexBehindException : IOException
{
    /// <summary>Of the failure, whose kind it has.</summary>
    public IndexBehindException(Exception cause)
        : base(cause.Message, cause) => HResult = cause.HResult;
}
