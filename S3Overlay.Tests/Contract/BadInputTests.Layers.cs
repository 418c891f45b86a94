using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="BadInputTests{TFixture}"/>: over the built-in store.</summary>
public sealed class BadInputTests(LocalOnlyFixture fixture) : BadInputTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="BadInputTests{TFixture}"/>: in front of an S3 endpoint.</summary>
public sealed class BadInputTestsOnStore(ForwardingFixture fixture) : BadInputTests<ForwardingFixture>(fixture);
