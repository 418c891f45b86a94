namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>The same over a store that looks for a missing version marker in the next key (MinIO).</summary>
[Trait("Rule", "V3")]
public sealed class MisplacedVersionListingTests : VersionListingTests
{
    protected override bool TakesNextKeysVersion => true;
}
