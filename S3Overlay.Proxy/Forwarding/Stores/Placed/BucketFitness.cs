namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Whether copies may be among a bucket's objects.</summary>
internal enum BucketFitness
{
    /// <summary>They may.</summary>
    Fit,

    /// <summary>Each write is kept as a version, or was: a copy that was put before is one.</summary>
    HasVersions,

    /// <summary>They may not for another reason.</summary>
    Unfit,
}
