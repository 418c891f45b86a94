using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// What a bucket is configured to do: here nothing can be, so each configuration reads as S3 shows it for a new bucket, deleting one
/// deletes nothing, and setting one is refused rather than ignored.
/// </summary>
internal sealed class ConfigurationOperations(EmbeddedStore store)
{
    /// <summary>GetBucketLocation, GetBucketAcl and the others.</summary>
    public Task GetAsync(S3Request request, S3Response answer, CancellationToken cancellationToken) =>
        CreateBucketResponses.SendAsync(request, answer, store.Buckets.Require(request.Bucket).Region, cancellationToken);

    /// <summary>Deleting what cannot be there: done already.</summary>
    public Task DeleteAsync(S3Request request, S3Response answer)
    {
        store.Buckets.Require(request.Bucket);
        if (SubResources.ConfigurationOf(request.Query) is not { } name || !CreateBucketResponses.IsMissing(name))
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        answer.Status = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>GetObjectAcl: everything is the owner's.</summary>
    public Task GetObjectAclAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        store.Objects.Require(request.Bucket, request.Key);
        return CreateBucketResponses.SendAsync(request, answer, store.Region, cancellationToken);
    }
}
