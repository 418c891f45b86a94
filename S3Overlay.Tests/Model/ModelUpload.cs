namespace S3Overlay.Tests.Model;

/// <summary>A multipart upload under way, with its one part.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Key">Its key.</param>
/// <param name="Id">Its id.</param>
/// <param name="Version">What it makes.</param>
internal sealed record ModelUpload(ModelBucket Bucket, string Key, string Id, ObjectVersion Version);
