namespace S3Overlay.Proxy.Embedded.Journals;

/// <summary>
/// The disk failed while records were written, and again while they were rolled back: the next start may find them or not.
/// </summary>
internal sealed class JournalInDoubtException : IOException
{
    /// <summary>Wraps the first failure and keeps its error code.</summary>
    public JournalInDoubtException(Exception cause)
        : base(cause.Message, cause) => HResult = cause.HResult;
}
