namespace S3Overlay.Tests.Model;

/// <summary>Changes that <c>revert --save</c> saved.</summary>
/// <param name="File">Where.</param>
/// <param name="Changes">The written objects; null for a delete.</param>
internal sealed record ModelArchive(ModelBucket Bucket, string File, IReadOnlyDictionary<string, ObjectVersion?> Changes);
