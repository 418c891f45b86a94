namespace S3Overlay.Tests.Support;

/// <summary>How a wire is broken.</summary>
public enum WireFault
{
    None,

    /// <summary>Connections are refused, and open ones are cut.</summary>
    Refused,

    /// <summary>Responses stop, and the connection stays.</summary>
    Hanging,

    /// <summary>The connection is closed within a response.</summary>
    Cut,
}
