namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>What became of a tombstone that was to be taken back.</summary>
public enum UndeleteOutcome
{
    /// <summary>It is not there any more.</summary>
    Absent,

    /// <summary>It was taken back.</summary>
    Discarded,

    /// <summary>
    /// It was left: the key was deleted again since it was looked at, or another proxy may be deleting it at this moment.
    /// </summary>
    Kept,
}
