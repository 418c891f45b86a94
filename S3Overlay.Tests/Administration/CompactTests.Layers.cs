using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="CompactTests{TFixture}"/>: over the built-in store.</summary>
public sealed class CompactTests(OverlayFixture fixture) : CompactTests<OverlayFixture>(fixture);

/// <summary>See <see cref="CompactTests{TFixture}"/>: over an S3 endpoint as local.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class CompactTestsOnStore(OverlayOnStoreFixture fixture) : CompactTests<OverlayOnStoreFixture>(fixture);
