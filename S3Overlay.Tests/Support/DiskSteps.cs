namespace S3Overlay.Tests.Support;

/// <summary>The operations of a disk that may fail.</summary>
[Flags]
public enum DiskSteps
{
    None = 0,

    /// <summary>A file is created, written, or renamed.</summary>
    Write = 1,

    Sync = 2,

    Remove = 4,

    Resize = 8,

    All = Write | Sync | Remove | Resize,
}
