namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>What a key may do where a pattern matches.</summary>
public enum AccessRight
{
    /// <summary>Read objects, listings and settings.</summary>
    Read,

    /// <summary>Read, and change everything.</summary>
    Write,
}
