using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Given;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="Version2Tests{TFixture}"/>: over the built-in store.</summary>
public sealed class Version2Tests(LocalOnlyFixture fixture) : Version2Tests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="Version2Tests{TFixture}"/>: over HTTP/2 and TLS.</summary>
[FullRun("the same tests run over plain HTTP")]
public sealed class Version2TestsOverTls(SecureFixture fixture) : Version2Tests<SecureFixture>(fixture);

/// <summary>See <see cref="Version2Tests{TFixture}"/>: in front of an S3 endpoint.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class Version2TestsOnStore(ForwardingFixture fixture) : Version2Tests<ForwardingFixture>(fixture);

/// <summary>See <see cref="Version2Tests{TFixture}"/>: in front of an external store.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class Version2TestsOnGiven(GivenForwardingFixture fixture) : Version2Tests<GivenForwardingFixture>(fixture);
