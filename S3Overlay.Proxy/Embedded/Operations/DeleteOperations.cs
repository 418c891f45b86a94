using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class DeleteOperations(EmbeddedStore store)
{
    /// <summary>Keys of one request deleted in parallel: enough to share one sync of the log.</summary>
    private const int AtOnce = 32;

    public async Task DeleteAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        await store.Objects.DeleteAsync(request.Bucket, request.Key, DeleteConditions.Of(request.Headers), cancellationToken);
        response.Status = StatusCodes.Status204NoContent;
    }

    public async Task DeleteManyAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var delete = await DeleteObjectsRequest.ReadAsync(request, cancellationToken);
        var outcomes = new DeleteOutcome[delete.Items.Count];
        await Parallel.ForAsync(
            0, outcomes.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, token) => outcomes[i] = await DeleteAsync(request, delete.Items[i], token));
        await DeleteResult.SendAsync(delete, outcomes, request, response, cancellationToken);
    }

    private async Task<DeleteOutcome> DeleteAsync(S3Request request, DeleteItem item, CancellationToken cancellationToken)
    {
        try
        {
            ObjectKeys.Check(item.Key);
            if (!request.MayWrite(item.Key))
            {
                throw new S3Exception(S3Errors.AccessDenied);
            }

            VersionIds.CheckOfMany(item.VersionId);
            await store.Objects.DeleteAsync(request.Bucket, item.Key, item.Conditions, cancellationToken);
            return new DeleteOutcome(item, null);
        }
        catch (S3Exception failure)
        {
            return new DeleteOutcome(item, failure.Error, failure.Message);
        }
    }
}
