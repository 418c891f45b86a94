using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Contract.Ceph;

/// <summary>
/// See <see cref="SubResourceTests{TFixture}"/>: between two Ceph gateways, which take unknown sub-resources for the object itself.
/// </summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class SubResourceTestsOnCeph(OverlayOnCephFixture fixture) : SubResourceTests<OverlayOnCephFixture>(fixture);
