namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>What became of a copy that was to be put under its own key.</summary>
internal enum Placement
{
    /// <summary>It is there.</summary>
    Placed,

    /// <summary>It cannot be there: it is to be kept in the cache bucket.</summary>
    Elsewhere,

    /// <summary>A client has written the key: the copy is of no use.</summary>
    Unneeded,
}
