using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// Bucket configurations. None can be set here: each reads as for a new bucket in S3, deleting one is a no-op, and setting one is refused
/// rather than ignored.
/// </summary>
internal sealed class ConfigurationOperations(EmbeddedStore store)
{
    public Task GetAsync(S3Request request, S3Response response, CancellationToken cancellationToken) =>
        CreateBucketResponses.SendAsync(request, response, store.Buckets.Require(request.Bucket).Region, cancellationToken);

    /// <summary>Nothing to delete.</summary>
    public Task DeleteAsync(S3Request request, S3Response response)
    {
        store.Buckets.Require(request.Bucket);
        if (SubResources.ConfigurationOf(request.Query) is not { } name || !CreateBucketResponses.IsMissing(name))
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        response.Status = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Everything belongs to the owner.</summary>
    public Task GetObjectAclAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        store.Objects.Require(request.Bucket, request.Key);
        return CreateBucketResponses.SendAsync(request, response, store.Region, cancellationToken);
    }
}
