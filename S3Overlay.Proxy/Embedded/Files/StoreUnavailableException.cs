namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The data folder cannot be used; the message says why, and what to do about it.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>A failure in words for the person who starts the process.</summary>
    public StoreUnavailableException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
