namespace S3Overlay.Tests.Support;

/// <summary>The operations of a disk that may fail.</summary>
[Flags]
public enum DiskSteps
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A file is made, written, or given its name.</summary>
    Write = 1,

    /// <summary>A file, or the names in a folder, are brought to where they survive a power cut.</summary>
    Sync = 2,

    /// <summary>A file is taken away.</summary>
    Remove = 4,

    /// <summary>A file is cut off, or made longer.</summary>
    Resize = 8,

    /// <summary>All of it.</summary>
    All = Write | Sync | Remove | Resize,
}
