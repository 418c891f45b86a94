namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The data folder cannot be used; the message says why, and what to do.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>A failure with a message for the operator.</summary>
    public StoreUnavailableException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
