using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="CompactTests{TFixture}"/>: over the built-in store.</summary>
public sealed class CompactTests(OverlayFixture fixture) : CompactTests<OverlayFixture>(fixture);

/// <summary>See <see cref="CompactTests{TFixture}"/>: over an S3 endpoint as local.</summary>
public sealed class CompactTestsOnStore(OverlayOnStoreFixture fixture) : CompactTests<OverlayOnStoreFixture>(fixture);
