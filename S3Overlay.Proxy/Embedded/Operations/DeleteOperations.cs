using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class DeleteOperations(EmbeddedStore store)
{
    /// <summary>Keys of one request deleted in parallel: enough to share one sync of the log.</summary>
    private const int AtOnce = 32;

    public async Task DeleteAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var versionId = request.Query["versionId"];
        var marker = await DeleteAsync(request, request.Key, versionId, DeleteConditions.Of(request.Headers), cancellationToken);
        if (marker is not null)
        {
            response.Headers["x-amz-delete-marker"] = "true";
        }

        if ((marker is null ? versionId : marker.VersionId ?? VersionIds.Null) is { } shown
            && store.Buckets.VersioningOf(request.Bucket) != Versioning.Never)
        {
            response.Headers["x-amz-version-id"] = shown;
        }

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

    /// <returns>The delete marker that was made or removed; null for none.</returns>
    private async Task<ObjectRow?> DeleteAsync(
        S3Request request, string key, string? versionId, DeleteConditions? conditions, CancellationToken cancellationToken)
    {
        var marker = versionId is null ? await store.Objects.DeleteAsync(request.Bucket, key, conditions, cancellationToken)
            : await store.Objects.DeleteVersionAsync(
                request.Bucket, key, versionId, conditions, request.BypassesGovernance, request.OnlyNoncurrent, cancellationToken);
        return marker is { IsMarker: true } ? marker : null;
    }

    private async Task<DeleteOutcome> DeleteAsync(S3Request request, DeleteItem item, CancellationToken cancellationToken)
    {
        try
        {
            ObjectKeys.Check(item.Key);
            if (!request.MayDelete(item.Key, item.VersionId))
            {
                throw new S3Exception(S3Errors.AccessDenied);
            }

            var marker = await DeleteAsync(request, item.Key, item.VersionId, item.Conditions, cancellationToken);
            return new DeleteOutcome(item, null) { Marker = marker is null ? null : marker.VersionId ?? VersionIds.Null };
        }
        catch (S3Exception invalid) when (invalid.Error == S3Errors.InvalidArgument && item.VersionId is { Length: > 0 })
        {
            // S3 reports ids that it did not issue in this way here.
            return new DeleteOutcome(item, S3Errors.NoSuchVersion);
        }
        catch (S3Exception failure)
        {
            return new DeleteOutcome(item, failure.Error, failure.Message);
        }
    }
}
