namespace S3Overlay.Tests.Model;

/// <summary>A copy that is held for certain.</summary>
/// <param name="Version">Of this version.</param>
/// <param name="ValidatedFrom">The earliest moment at which it may last have been found to be current.</param>
/// <param name="IsWhole">Whether all of its bytes are held; some are in any case.</param>
internal sealed record ModelCopy(ObjectVersion Version, DateTimeOffset ValidatedFrom, bool IsWhole);
