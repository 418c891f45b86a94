namespace S3Overlay.Tests.Model;

/// <summary>The condition that a request carries.</summary>
internal enum ModelCondition
{
    /// <summary>None.</summary>
    None,

    /// <summary>There must be nothing: <c>If-None-Match: *</c>.</summary>
    Absent,

    /// <summary>It must be what the model takes it for: <c>If-Match</c>.</summary>
    Shown,

    /// <summary>It must be something that it is not: <c>If-Match</c>.</summary>
    Other,

    /// <summary>It must not be what the model takes it for: <c>If-None-Match</c>.</summary>
    NotShown,
}
