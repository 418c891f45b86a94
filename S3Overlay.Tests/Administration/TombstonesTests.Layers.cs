using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="TombstonesTests{TFixture}"/>: over the built-in store.</summary>
public sealed class TombstonesTests(OverlayFixture fixture) : TombstonesTests<OverlayFixture>(fixture);

/// <summary>See <see cref="TombstonesTests{TFixture}"/>: over an S3 endpoint as local.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class TombstonesTestsOnStore(OverlayOnStoreFixture fixture) : TombstonesTests<OverlayOnStoreFixture>(fixture);
