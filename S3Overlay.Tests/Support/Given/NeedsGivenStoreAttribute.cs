using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support.Given;

/// <summary>A class of tests against a store that somebody has started for them.</summary>
public sealed class NeedsGivenStoreAttribute : NeedsAttribute
{
    /// <inheritdoc/>
    public override string? Missing => GivenStore.Missing;
}
