using System.Text;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>CompleteMultipartUpload or AbortMultipartUpload of one of the open uploads.</summary>
internal sealed record EndVersionUpload(int Bucket, int Number, bool Aborts) : RequestStep(Bucket)
{
    protected override ModelRequest? Request(VersionScene scene, VersionedBucket bucket)
    {
        if (Upload(bucket) is not var (id, upload))
        {
            return null;
        }

        var etag = ObjectVersion.Of(upload.Bytes ?? []).ETag.Replace("\"", "&quot;", StringComparison.Ordinal);
        return new(MustAbort(upload) ? "DELETE" : "POST", upload.Key, "uploadId=" + UriEncoding.EncodeComponent(id))
        {
            Body = MustAbort(upload) ? null : Encoding.ASCII.GetBytes("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
                + $"<ETag>{etag}</ETag></Part></CompleteMultipartUpload>"),
        };
    }

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket)
    {
        var (id, upload) = Upload(bucket)!.Value;
        var ended = bucket with { Uploads = bucket.Uploads.Remove(id) };
        if (MustAbort(upload))
        {
            return new(204, "", ended);
        }

        var version = ObjectVersion.OfParts(new Dictionary<int, byte[]> { [1] = upload.Bytes! })
            with { Meta = ObjectVersion.Of(upload.Bytes!).Meta };
        return new(200, "", ended.Write(upload.Key, new ModelVersion("", version, scene.Now), scene.Now));
    }

    private bool MustAbort(OpenUpload upload) => Aborts || upload.Bytes is null;

    private (string Id, OpenUpload Upload)? Upload(VersionedBucket bucket) => bucket.Uploads.IsEmpty ? null
        : bucket.Uploads.OrderBy(static upload => upload.Value.Begun).ThenBy(static upload => upload.Key)
            .Select(static upload => (upload.Key, upload.Value)).ElementAt(Number % bucket.Uploads.Count);
}
