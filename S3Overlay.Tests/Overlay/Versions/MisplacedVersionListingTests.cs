namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>
/// The same over a store that looks for the version to go on after in the next key, where it lacks the one that is named (MinIO).
/// </summary>
[Trait("Rule", "V3")]
public sealed class MisplacedVersionListingTests : VersionListingTests
{
    /// <inheritdoc/>
    protected override bool TakesNextKeysVersion => true;
}
