using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support.Given;

/// <summary>A test class that needs an external store.</summary>
public sealed class NeedsGivenStoreAttribute : NeedsAttribute
{
    public override string? Missing => GivenStore.Missing;
}
