using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="Version2Tests{TFixture}"/>: over the built-in store.</summary>
public sealed class Version2Tests(LocalOnlyFixture fixture) : Version2Tests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="Version2Tests{TFixture}"/>: in front of an S3 endpoint.</summary>
public sealed class Version2TestsOnStore(ForwardingFixture fixture) : Version2Tests<ForwardingFixture>(fixture);
