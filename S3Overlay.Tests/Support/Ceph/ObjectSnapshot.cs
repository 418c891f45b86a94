using System.Security.Cryptography;

using Amazon.S3;

namespace S3Overlay.Tests.Support.Ceph;

/// <summary>All that clients see of an object, as one text: bytes, content headers, metadata and tags.</summary>
internal static class ObjectSnapshot
{
    /// <summary>Takes it.</summary>
    /// <returns>Null if there is no object.</returns>
    public static async Task<string?> TakeAsync(IAmazonS3 client, string bucket, string key)
    {
        try
        {
            using var found = await client.GetObjectAsync(bucket, key);
            using var bytes = new MemoryStream();
            await found.ResponseStream.CopyToAsync(bytes);
            var tags = await client.GetObjectTaggingAsync(new() { BucketName = bucket, Key = key });
            return string.Join('\n', [
                key, Convert.ToHexString(SHA256.HashData(bytes.ToArray())), found.Headers.ContentType, found.Headers.CacheControl,
                found.Headers.ContentDisposition, .. found.Metadata.Keys.Order(StringComparer.Ordinal)
                    .Select(name => $"{name}={found.Metadata[name]}"),
                .. (tags.Tagging ?? []).OrderBy(static tag => tag.Key, StringComparer.Ordinal)
                    .Select(static tag => $"{tag.Key}:{tag.Value}")]);
        }
        catch (AmazonS3Exception missing) when (missing.ErrorCode == "NoSuchKey")
        {
            return null;
        }
    }
}
