namespace S3Overlay.Tests.Model;

/// <summary>An entry that is certain to be cached.</summary>
/// <param name="Version">Of this version.</param>
/// <param name="ValidatedFrom">The earliest moment at which it may last have been found to be current.</param>
/// <param name="IsWhole">Whether all of its bytes are cached. Some always are.</param>
internal sealed record ModelCopy(ObjectVersion Version, DateTimeOffset ValidatedFrom, bool IsWhole);
