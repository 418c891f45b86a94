namespace S3Overlay.Tests.Support;

/// <summary>How a disk fails.</summary>
public enum DiskFault
{
    /// <summary>There is no room left.</summary>
    Full,

    /// <summary>An error of the device.</summary>
    Error,

    /// <summary>Access is denied.</summary>
    Denied,
}
