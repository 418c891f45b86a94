namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>A key's state in the local layer.</summary>
public enum KeyState
{
    /// <summary>Neither written nor deleted here: the remote decides.</summary>
    Nothing,

    /// <summary>Written by a client. Outranks everything.</summary>
    Written,

    /// <summary>Deleted here, and not written since.</summary>
    Deleted,
}
