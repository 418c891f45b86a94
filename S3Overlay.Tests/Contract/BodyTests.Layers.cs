using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="BodyTests{TFixture}"/>: over HTTP/1.1.</summary>
public sealed class BodyTests(LocalOnlyFixture fixture) : BodyTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="BodyTests{TFixture}"/>: over HTTP/2 and TLS.</summary>
public sealed class BodyTestsOverTls(SecureFixture fixture) : BodyTests<SecureFixture>(fixture);

/// <summary>See <see cref="BodyTests{TFixture}"/>: in front of an S3 endpoint.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class BodyTestsOnStore(ForwardingFixture fixture) : BodyTests<ForwardingFixture>(fixture);
