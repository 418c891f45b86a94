using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>See <see cref="ColdReadersTests"/>: over the built-in store.</summary>
public sealed class ColdReadersTestsEmbedded() : ColdReadersTests(isOnStore: false);

/// <summary>See <see cref="ColdReadersTests"/>: over an S3 endpoint as local.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class ColdReadersTestsOnStore() : ColdReadersTests(isOnStore: true);
