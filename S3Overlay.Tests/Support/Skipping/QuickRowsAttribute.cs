namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// The maximum number of rows of a slow theory in the quick run. With <c>S3OVERLAY_TEST_FULL=1</c> all rows run.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class QuickRowsAttribute(int most) : Attribute
{
    public int Most => most;
}
