namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="ChangesCommandTestBase"/>: over the built-in store.</summary>
public sealed class ChangesCommandTests() : ChangesCommandTestBase(isOnStore: false);

/// <summary>See <see cref="ChangesCommandTestBase"/>: over an S3 endpoint as local.</summary>
public sealed class ChangesCommandTestsOnStore() : ChangesCommandTestBase(isOnStore: true);
