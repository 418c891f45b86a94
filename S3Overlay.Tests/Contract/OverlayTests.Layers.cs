using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Given;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="OverlayTests{TFixture}"/>: over the built-in store.</summary>
public sealed class OverlayTests(OverlayFixture fixture) : OverlayTests<OverlayFixture>(fixture);

/// <summary>See <see cref="OverlayTests{TFixture}"/>: over an S3 endpoint as local.</summary>
public sealed class OverlayTestsOnStore(OverlayOnStoreFixture fixture) : OverlayTests<OverlayOnStoreFixture>(fixture);


/// <summary>See <see cref="OverlayTests{TFixture}"/>: between two external stores.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class OverlayTestsOnGiven(OverlayOnGivenFixture fixture) : OverlayTests<OverlayOnGivenFixture>(fixture);
