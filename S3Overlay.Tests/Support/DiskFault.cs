namespace S3Overlay.Tests.Support;

public enum DiskFault
{
    /// <summary>There is no room left.</summary>
    Full,

    /// <summary>An error of the device.</summary>
    Error,

    Denied,
}
