using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Contract.Ceph;

/// <summary>See <see cref="Version2Tests{TFixture}"/>: in front of a Ceph gateway.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class Version2TestsOnCeph(CephForwardingFixture fixture) : Version2Tests<CephForwardingFixture>(fixture);
