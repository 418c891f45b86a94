using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Given;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="LocalOnlyTests{TFixture}"/>: over the built-in store.</summary>
public sealed class LocalOnlyTests(LocalOnlyFixture fixture) : LocalOnlyTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="LocalOnlyTests{TFixture}"/>: in front of an S3 endpoint.</summary>
public sealed class LocalOnlyTestsOnStore(ForwardingFixture fixture) : LocalOnlyTests<ForwardingFixture>(fixture);

/// <summary>See <see cref="LocalOnlyTests{TFixture}"/>: in front of an external store.</summary>
[NeedsGivenStore]
[Trait("Needs", "Store")]
public sealed class LocalOnlyTestsOnGiven(GivenForwardingFixture fixture) : LocalOnlyTests<GivenForwardingFixture>(fixture);
