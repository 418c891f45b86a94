using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Contract.Ceph;

/// <summary>See <see cref="VersionedBuckets{TFixture}"/>: between two Ceph gateways.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class VersionedBucketsOnCeph(OverlayOnCephFixture fixture) : VersionedBuckets<OverlayOnCephFixture>(fixture);
