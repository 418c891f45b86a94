namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// A class or test that takes too long for the quick run: it runs if the environment has <c>S3OVERLAY_TEST_FULL=1</c>, as in
/// <c>.ci/run</c>.
/// </summary>
/// <param name="reason">What makes it slow.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class FullRunAttribute(string reason) : NeedsAttribute
{
    /// <summary>Whether everything runs: all tests, and all rows of every theory.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("S3OVERLAY_TEST_FULL") == "1";

    public override string? Missing => IsOn ? null : $"Runs with S3OVERLAY_TEST_FULL=1: {reason}.";
}
