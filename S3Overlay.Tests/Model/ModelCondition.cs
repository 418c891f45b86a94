namespace S3Overlay.Tests.Model;

internal enum ModelCondition
{
    None,

    /// <summary><c>If-None-Match: *</c>.</summary>
    Absent,

    /// <summary><c>If-Match</c> with the version that the model expects.</summary>
    Shown,

    /// <summary><c>If-Match</c> with another version.</summary>
    Other,

    /// <summary><c>If-None-Match</c> with the version that the model expects.</summary>
    NotShown,
}
