using S3Overlay.Tests.Support.Ceph;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract.Ceph;

/// <summary>See <see cref="LocalOnlyTests{TFixture}"/>: in front of a Ceph gateway.</summary>
[NeedsCeph]
[LeftOut("Checksums_are_checked_kept_and_shown",
    "RGW 16 knows no checksums: it takes their headers, keeps none, and shows none. The proxy has checked them.")]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class LocalOnlyTestsOnCeph(CephForwardingFixture fixture) : LocalOnlyTests<CephForwardingFixture>(fixture)
{
    /// <summary>RGW 16 leaves the element empty; GET and HEAD have the ETag.</summary>
    protected override void AssertETagOfParts(string etag) => Assert.Equal("", etag);
}

/// <summary>See <see cref="OverlayTests{TFixture}"/>: between two Ceph gateways.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class OverlayTestsOnCeph(OverlayOnCephFixture fixture) : OverlayTests<OverlayOnCephFixture>(fixture)
{
    /// <summary>Without an upload id marker, Ceph includes the key marker itself.</summary>
    protected override string[] UploadsBehindA => ["a", "ab", "ac"];
}

/// <summary>
/// See <see cref="SubResourceTests{TFixture}"/>: between two Ceph gateways, which take unknown sub-resources for the object itself.
/// </summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class SubResourceTestsOnCeph(OverlayOnCephFixture fixture) : SubResourceTests<OverlayOnCephFixture>(fixture);

/// <summary>See <see cref="Version2Tests{TFixture}"/>: in front of a Ceph gateway.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class Version2TestsOnCeph(CephForwardingFixture fixture) : Version2Tests<CephForwardingFixture>(fixture);

/// <summary>See <see cref="VersionedBuckets{TFixture}"/>: between two Ceph gateways.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class VersionedBucketsOnCeph(OverlayOnCephFixture fixture) : VersionedBuckets<OverlayOnCephFixture>(fixture);
