namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// A theory of which each row takes long: how many rows the quick run has at most. With <c>S3OVERLAY_TEST_FULL=1</c> all run.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class QuickRowsAttribute(int most) : Attribute
{
    /// <summary>How many.</summary>
    public int Most => most;
}
