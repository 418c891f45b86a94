namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>What waiting for a byte came to.</summary>
internal enum FillProgress
{
    /// <summary>The byte is cached, or on its way.</summary>
    Ready,

    /// <summary>The byte cannot be stored: read it from the remote.</summary>
    NotStored,

    /// <summary>The remote has another version (rule R7).</summary>
    VersionChanged,
}
