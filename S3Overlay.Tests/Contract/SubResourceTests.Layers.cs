using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Given;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="SubResourceTests{TFixture}"/>: over the built-in store.</summary>
public sealed class SubResourceTests(OverlayFixture fixture) : SubResourceTests<OverlayFixture>(fixture);

/// <summary>See <see cref="SubResourceTests{TFixture}"/>: over an S3 endpoint as local.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class SubResourceTestsOnStore(OverlayOnStoreFixture fixture) : SubResourceTests<OverlayOnStoreFixture>(fixture);


/// <summary>See <see cref="SubResourceTests{TFixture}"/>: between two external stores.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class SubResourceTestsOnGiven(OverlayOnGivenFixture fixture) : SubResourceTests<OverlayOnGivenFixture>(fixture);
