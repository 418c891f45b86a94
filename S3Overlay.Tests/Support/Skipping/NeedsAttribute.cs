namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// What a test class needs to run. A generic contract test runs in several classes, and only some of them need a server
/// of their own.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class NeedsAttribute : Attribute
{
    /// <summary>Why the class cannot run here, or null.</summary>
    public abstract string? Missing { get; }
}
