using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="UndeleteTests{TFixture}"/>: over the built-in store.</summary>
public sealed class UndeleteTests(OverlayFixture fixture) : UndeleteTests<OverlayFixture>(fixture);

/// <summary>See <see cref="UndeleteTests{TFixture}"/>: over an S3 endpoint as local.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class UndeleteTestsOnStore(OverlayOnStoreFixture fixture) : UndeleteTests<OverlayOnStoreFixture>(fixture);
