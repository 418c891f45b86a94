namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>
/// The same over a store that lists delete markers and versions in a group each, and a key's newest version twice (Versity).
/// </summary>
[Trait("Rule", "V3")]
public sealed class GroupedVersionListingTests : VersionListingTests
{
    protected override bool InGroups => true;
}
