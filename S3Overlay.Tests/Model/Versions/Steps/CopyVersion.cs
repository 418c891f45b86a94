using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>CopyObject of a key or version. It takes the tags along, and neither lock nor ACL.</summary>
/// <param name="At">Which version. Null for the current one.</param>
internal sealed record CopyVersion(int Bucket, string Key, int SourceBucket, string SourceKey, int? At) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket)
    {
        var source = scene.Buckets[SourceBucket];
        var id = VersionChange.IdOf(source, SourceKey, At);
        if ((At is not null && id is null) || (bucket.Name == source.Name && Key == SourceKey && id is null))
        {
            return null;
        }

        var from = $"/{source.Name}/{UriEncoding.EncodeKey(SourceKey)}";
        return new("PUT", Key)
        {
            Headers = [("x-amz-copy-source", id is null ? from : $"{from}?versionId={UriEncoding.EncodeComponent(id)}")],
        };
    }

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket)
    {
        var source = scene.Buckets[SourceBucket];
        var id = VersionChange.IdOf(source, SourceKey, At);
        return (id is null ? source.Current(SourceKey) : source.Find(SourceKey, id)) switch
        {
            null => new(404, "NoSuchKey"),
            { Object: null } => new(400, "InvalidRequest"),
            { Object: { } item, Tags: var tags } => new(200, "", bucket.Write(Key, new ModelVersion(
                "", ObjectVersion.Of(item.Bytes) with { Meta = item.Meta }, scene.Now) { Tags = tags }, scene.Now)),
        };
    }
}
