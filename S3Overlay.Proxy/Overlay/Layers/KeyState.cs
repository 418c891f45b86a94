namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What a key is in the writable layer.</summary>
public enum KeyState
{
    /// <summary>Neither written nor deleted here: the remote decides.</summary>
    Nothing,

    /// <summary>Put there by a client. Outranks everything.</summary>
    Written,

    /// <summary>Deleted here, and not written since.</summary>
    Deleted,
}
