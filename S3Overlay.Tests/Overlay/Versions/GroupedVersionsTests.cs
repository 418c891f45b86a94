namespace S3Overlay.Tests.Overlay.Versions;

/// <summary>
/// The same over a store that lists delete markers and versions in a group each (Versity): which marker an older delete left is found in
/// that list.
/// </summary>
public sealed class GroupedVersionsTests : VersionedStoreTests
{
    protected override bool InGroups => true;
}
