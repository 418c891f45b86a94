using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support.Aspire;

/// <summary>A class of tests against the real Aspire dashboard.</summary>
public sealed class NeedsDashboardAttribute : NeedsAttribute
{
    /// <inheritdoc/>
    public override string? Missing => AspireDashboard.Missing;
}
