namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>Why a call to the remote failed, in the overlay's terms.</summary>
public enum RemoteFailure
{
    /// <summary>No connection, no response in time, or 5xx until the budget was spent.</summary>
    Unavailable,

    /// <summary>Throttled until the budget was spent.</summary>
    Throttled,

    /// <summary>404 NoSuchKey (or a HEAD's bare 404).</summary>
    NoSuchKey,

    /// <summary>404 NoSuchBucket.</summary>
    NoSuchBucket,

    /// <summary>403 AccessDenied on this object or bucket.</summary>
    AccessDenied,

    /// <summary>The overlay's own credentials, signature or clock are wrong: the operator has to fix this.</summary>
    BadCredentials,

    /// <summary>412: the version is not the one named by If-Match.</summary>
    Changed,

    /// <summary>The remote's version differs from the frozen cache entry, which is never replaced.</summary>
    Drifted,

    /// <summary>304: the version named by If-None-Match is current.</summary>
    NotModified,

    /// <summary>416: no byte of the range exists.</summary>
    InvalidRange,

    /// <summary>The body broke and could not be repaired within its budget.</summary>
    BodyBroken,

    /// <summary>A response meant for the client (InvalidObjectState, KMS): passed on with its own code.</summary>
    Other,

    /// <summary>The remote is this very proxy.</summary>
    Loop,
}
