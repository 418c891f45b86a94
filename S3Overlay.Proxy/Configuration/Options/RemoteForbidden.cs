namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What a client gets where the remote says AccessDenied on an object (table F).</summary>
public enum RemoteForbidden
{
    /// <summary>404, and a warning is logged.</summary>
    NotFound,

    /// <summary>403.</summary>
    Forbidden,
}
