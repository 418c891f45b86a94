namespace S3Overlay.Tests.Model;

/// <summary>Which writable layer a sequence runs on.</summary>
public enum ModelLayer
{
    /// <summary>The built-in store.</summary>
    Embedded,

    /// <summary>An S3 endpoint.</summary>
    Store,

    /// <summary>An S3 endpoint that two proxies share.</summary>
    SharedStore,
}
