namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What listings show.</summary>
public enum ListingScope
{
    /// <summary>Local and remote as one (rule L1).</summary>
    Merged,

    /// <summary>Local alone (rule L3).</summary>
    Local,
}
