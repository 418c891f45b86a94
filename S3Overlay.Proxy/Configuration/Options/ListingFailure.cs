namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What a listing does when the remote cannot be listed (rule L4).</summary>
public enum ListingFailure
{
    /// <summary>503, which clients repeat.</summary>
    Error,

    /// <summary>Local alone, said in a header.</summary>
    Local,
}
