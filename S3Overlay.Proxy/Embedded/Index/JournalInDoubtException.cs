namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// The disk failed while records were written, and again while they were taken back: the next start may find them, or not.
/// </summary>
internal sealed class JournalInDoubtException : IOException
{
    /// <summary>Of the first failure, whose kind it has.</summary>
    public JournalInDoubtException(Exception cause)
        : base(cause.Message, cause) => HResult = cause.HResult;
}
