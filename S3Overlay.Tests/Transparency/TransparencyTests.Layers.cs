using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;
using S3Overlay.Tests.Support.Given;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Transparency;

/// <summary>See <see cref="TransparencyTests{TFixture}"/>: before the built-in store of a second proxy.</summary>
public sealed class TransparencyTestsOnStore(ForwardingFixture fixture) : TransparencyTests<ForwardingFixture>(fixture);

/// <summary>See <see cref="TransparencyTests{TFixture}"/>: before a Ceph gateway.</summary>
[NeedsCeph]
[LeftOut("The_proxy_is_transparent_to_forms",
    "An upload form that reaches RGW 16 directly can end its process. Through the proxy it is a PUT.")]
[LeftOut("The_proxy_is_transparent_to_headers_on_several_lines",
    "RGW 16 finds such a signature wrong; through the proxy it gets one line.")]
[LeftOut("The_proxy_is_transparent_to_trailers", "RGW 16 does not take them; through the proxy it gets the checksum as a header.")]
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class TransparencyTestsOnCeph(CephForwardingFixture fixture) : TransparencyTests<CephForwardingFixture>(fixture);

/// <summary>See <see cref="TransparencyTests{TFixture}"/>: in front of an external store.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class TransparencyTestsOnGiven(GivenForwardingFixture fixture) : TransparencyTests<GivenForwardingFixture>(fixture);
