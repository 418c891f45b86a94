using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="EvictTests{TFixture}"/>: over the built-in store.</summary>
public sealed class EvictTests(OverlayFixture fixture) : EvictTests<OverlayFixture>(fixture);

/// <summary>See <see cref="EvictTests{TFixture}"/>: over an S3 endpoint as local.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class EvictTestsOnStore(OverlayOnStoreFixture fixture) : EvictTests<OverlayOnStoreFixture>(fixture);
