namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>Result of asking the remote.</summary>
public enum RemoteFinding
{
    /// <summary>Not asked.</summary>
    NotAsked,

    /// <summary>Found.</summary>
    Found,

    /// <summary>Not there.</summary>
    Absent,

    /// <summary>Access was refused.</summary>
    Refused,

    /// <summary>The remote did not respond, or failed.</summary>
    Failed,
}
