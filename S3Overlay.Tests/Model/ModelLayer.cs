namespace S3Overlay.Tests.Model;

/// <summary>Which writable layer a sequence runs on.</summary>
public enum ModelLayer
{
    Embedded,

    Store,

    /// <summary>An S3 endpoint that two proxies share.</summary>
    SharedStore,
}
