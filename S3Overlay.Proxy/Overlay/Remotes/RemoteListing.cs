namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>A request for one page of a remote bucket.</summary>
/// <param name="Bucket">The remote's bucket.</param>
/// <param name="Prefix">Only keys that start with this.</param>
/// <param name="Delimiter">Rolls keys up; empty for none.</param>
/// <param name="StartAfter">Only keys strictly after this; empty for all. Ignored if a token is given.</param>
/// <param name="ContinuationToken">The remote's token from the page before, or null.</param>
/// <param name="MaxKeys">1 to 1000.</param>
public sealed record RemoteListing(string Bucket, string Prefix, string Delimiter, string StartAfter, string? ContinuationToken,
    int MaxKeys)
{
    /// <summary>True to include the restore status of archived objects.</summary>
    public bool WithRestoreStatus { get; init; }
}
