namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>What the remote said when it was asked.</summary>
public enum RemoteFinding
{
    /// <summary>It was not asked.</summary>
    NotAsked,

    /// <summary>It is there.</summary>
    Found,

    /// <summary>It is not there.</summary>
    Absent,

    /// <summary>The remote does not let the overlay look.</summary>
    Refused,

    /// <summary>The remote did not answer, or with a failure of its own.</summary>
    Failed,
}
