using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class TaggingOperations(EmbeddedStore store)
{
    public Task GetAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        var row = store.Objects.Require(request.Bucket, request.Key);
        var xml = new S3XmlWriter().Root("Tagging").Open("TagSet");
        foreach (var (name, value) in ObjectTags.Split(row.Tags))
        {
            xml.Open("Tag").Element("Key", name).Element("Value", value).Close("Tag");
        }

        return xml.Close("TagSet").Close("Tagging").SendAsync(request, response, cancellationToken);
    }

    public async Task PutAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        store.Objects.Require(request.Bucket, request.Key);
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        await store.Objects.SetTagsAsync(request.Bucket, request.Key, ObjectTags.FromXml(root), cancellationToken);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
    }

    public async Task DeleteAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        await store.Objects.SetTagsAsync(request.Bucket, request.Key, null, cancellationToken);
        response.Status = StatusCodes.Status204NoContent;
    }
}
