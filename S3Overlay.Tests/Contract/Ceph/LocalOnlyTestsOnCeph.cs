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
