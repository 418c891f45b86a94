namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>Why the remote did not give what was asked, in the overlay's terms.</summary>
public enum RemoteFailure
{
    /// <summary>No connection, no answer in time, or 5xx until the budget was spent.</summary>
    Unavailable,

    /// <summary>Told to slow down until the budget was spent.</summary>
    Throttled,

    /// <summary>404 NoSuchKey (or a HEAD's bare 404).</summary>
    NoSuchKey,

    /// <summary>404 NoSuchBucket.</summary>
    NoSuchBucket,

    /// <summary>403 AccessDenied on this object or bucket.</summary>
    AccessDenied,

    /// <summary>The overlay's own credentials, signature or clock are wrong: an operator's matter.</summary>
    BadCredentials,

    /// <summary>412: another version than the one asked for with If-Match.</summary>
    Changed,

    /// <summary>The version that is held here is not the remote's any more, and what is held is never replaced.</summary>
    Drifted,

    /// <summary>304: the version named by If-None-Match is current.</summary>
    NotModified,

    /// <summary>416: no byte of the range exists.</summary>
    InvalidRange,

    /// <summary>The body broke, and could not be healed within its budget.</summary>
    BodyBroken,

    /// <summary>An answer that says something to the client itself (InvalidObjectState, KMS): passed on with its own code.</summary>
    Other,

    /// <summary>The remote is this very proxy.</summary>
    Loop,
}
