namespace S3Overlay.Tests.Support;

/// <summary>The operations of a disk that may fail.</summary>
[Flags]
public enum DiskSteps
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A file is created, written, or renamed.</summary>
    Write = 1,

    /// <summary>A file or folder is synced.</summary>
    Sync = 2,

    /// <summary>A file is deleted.</summary>
    Remove = 4,

    /// <summary>A file is truncated or extended.</summary>
    Resize = 8,

    /// <summary>All of it.</summary>
    All = Write | Sync | Remove | Resize,
}
