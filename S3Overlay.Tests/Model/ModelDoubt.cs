namespace S3Overlay.Tests.Model;

/// <summary>Something that may have happened, without a response.</summary>
/// <param name="Key">The key; empty for the bucket itself.</param>
/// <param name="Version">What was written, or what was promoted: null if that is a delete.</param>
internal sealed record ModelDoubt(ModelBucket Bucket, string Key, ModelEffect Effect, ObjectVersion? Version = null);
