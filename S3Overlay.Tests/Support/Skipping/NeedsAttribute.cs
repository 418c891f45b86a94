namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// Says of a class of tests what it cannot run without. A generic contract test runs in several classes, of which only some need a server
/// of their own.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class NeedsAttribute : Attribute
{
    /// <summary>Why the class cannot run here, or null where it can.</summary>
    public abstract string? Missing { get; }
}
