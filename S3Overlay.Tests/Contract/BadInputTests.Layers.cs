using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Given;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="BadInputTests{TFixture}"/>: over the built-in store.</summary>
public sealed class BadInputTests(LocalOnlyFixture fixture) : BadInputTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="BadInputTests{TFixture}"/>: over HTTP/2 and TLS.</summary>
[FullRun("the same tests run over plain HTTP")]
public sealed class BadInputTestsOverTls(SecureFixture fixture) : BadInputTests<SecureFixture>(fixture);

/// <summary>See <see cref="BadInputTests{TFixture}"/>: in front of an S3 endpoint.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class BadInputTestsOnStore(ForwardingFixture fixture) : BadInputTests<ForwardingFixture>(fixture);

/// <summary>See <see cref="BadInputTests{TFixture}"/>: in front of an external store.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class BadInputTestsOnGiven(GivenForwardingFixture fixture) : BadInputTests<GivenForwardingFixture>(fixture);
