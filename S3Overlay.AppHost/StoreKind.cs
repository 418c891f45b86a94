namespace S3Overlay.AppHost;

/// <summary>What local, and a stand-in for the remote, are made of.</summary>
internal enum StoreKind
{
    /// <summary>MinIO, in containers.</summary>
    Minio,

    /// <summary>RustFS, in containers: the maintained successor.</summary>
    RustFs,

    /// <summary>The proxy's built-in store: no containers.</summary>
    Embedded,
}
