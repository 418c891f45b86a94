namespace S3Overlay.Tests.Support;

/// <summary>How a wire is broken.</summary>
public enum WireFault
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>Connections are refused, and open ones are cut.</summary>
    Refused,

    /// <summary>Bytes of answers stop coming; the connection stays.</summary>
    Hanging,

    /// <summary>The connection is closed within an answer.</summary>
    Cut,
}
