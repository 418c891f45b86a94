using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;
using S3Overlay.Tests.Support.Given;

namespace S3Overlay.Tests.Clients;

/// <summary>See <see cref="StoreClientTests{TFixture}"/>: in front of the built-in store.</summary>
public sealed class StoreClientTests(ForwardingFixture fixture) : StoreClientTests<ForwardingFixture>(fixture);

/// <summary>See <see cref="StoreClientTests{TFixture}"/>: in front of a Ceph gateway.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class StoreClientTestsOnCeph(CephForwardingFixture fixture) : StoreClientTests<CephForwardingFixture>(fixture);

/// <summary>See <see cref="StoreClientTests{TFixture}"/>: in front of an external store.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class StoreClientTestsOnGiven(GivenForwardingFixture fixture) : StoreClientTests<GivenForwardingFixture>(fixture);
