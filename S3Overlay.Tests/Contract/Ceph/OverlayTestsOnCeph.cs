using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Contract.Ceph;

/// <summary>See <see cref="OverlayTests{TFixture}"/>: between two Ceph gateways.</summary>
[NeedsCeph]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class OverlayTestsOnCeph(OverlayOnCephFixture fixture) : OverlayTests<OverlayOnCephFixture>(fixture)
{
    /// <summary>Without an upload id marker, Ceph includes the key marker itself.</summary>
    protected override string[] UploadsBehindA => ["a", "ab", "ac"];
}
