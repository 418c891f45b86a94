namespace S3Overlay.Tests.Administration;

/// <summary>See <see cref="ArchiveTestBase"/>: over the built-in store.</summary>
public sealed class ArchiveTests() : ArchiveTestBase(isOnStore: false);

/// <summary>See <see cref="ArchiveTestBase"/>: over an S3 endpoint as local.</summary>
public sealed class ArchiveTestsOnStore() : ArchiveTestBase(isOnStore: true);
