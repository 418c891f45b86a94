using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;
using S3Overlay.Tests.Support.Given;

namespace S3Overlay.Tests.Clients;

/// <summary>See <see cref="RealClientTests{TFixture}"/>: over the built-in store.</summary>
public sealed class RealClientTests(OverlayFixture fixture) : RealClientTests<OverlayFixture>(fixture);

/// <summary>See <see cref="RealClientTests{TFixture}"/>: over an S3 endpoint as local.</summary>
public sealed class RealClientTestsOnStore(OverlayOnStoreFixture fixture) : RealClientTests<OverlayOnStoreFixture>(fixture);

/// <summary>See <see cref="RealClientTests{TFixture}"/>: between two Ceph gateways.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class RealClientTestsOnCeph(OverlayOnCephFixture fixture) : RealClientTests<OverlayOnCephFixture>(fixture);

/// <summary>See <see cref="RealClientTests{TFixture}"/>: between two external stores.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class RealClientTestsOnGiven(OverlayOnGivenFixture fixture) : RealClientTests<OverlayOnGivenFixture>(fixture);
