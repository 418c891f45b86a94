namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Outcome of removing a tombstone.</summary>
public enum UndeleteOutcome
{
    /// <summary>It no longer exists.</summary>
    Absent,

    /// <summary>It was removed.</summary>
    Discarded,

    /// <summary>It was kept: the key was deleted again, or another proxy may be deleting it right now.</summary>
    Kept,
}
