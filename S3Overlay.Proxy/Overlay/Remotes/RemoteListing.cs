namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A request for one page of a remote bucket.</summary>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Prefix">Only keys that start with this.</param>
/// <param name="Delimiter">What rolls keys up; empty for none.</param>
/// <param name="StartAfter">Keys strictly after this; empty for all. Ignored where a token is given.</param>
/// <param name="ContinuationToken">The remote's own token of the page before, or null.</param>
/// <param name="MaxKeys">1 to 1000.</param>
public sealed record RemoteListing(string Bucket, string Prefix, string Delimiter, string StartAfter, string? ContinuationToken,
    int MaxKeys)
{
    /// <summary>Whether rows are to tell how far archived objects are restored.</summary>
    public bool WithRestoreStatus { get; init; }
}
