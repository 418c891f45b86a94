using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="ExplainTests{TFixture}"/>: over the built-in store.</summary>
public sealed class ExplainTests(OverlayFixture fixture) : ExplainTests<OverlayFixture>(fixture);

/// <summary>See <see cref="ExplainTests{TFixture}"/>: over an S3 endpoint as local.</summary>
public sealed class ExplainTestsOnStore(OverlayOnStoreFixture fixture) : ExplainTests<OverlayOnStoreFixture>(fixture);
