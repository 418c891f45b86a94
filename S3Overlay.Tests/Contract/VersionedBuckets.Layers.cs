using S3Overlay.Tests.Support.Given;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="VersionedBuckets{TFixture}"/>: between two external stores.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class VersionedBucketsOnGiven(OverlayOnGivenFixture fixture) : VersionedBuckets<OverlayOnGivenFixture>(fixture);
