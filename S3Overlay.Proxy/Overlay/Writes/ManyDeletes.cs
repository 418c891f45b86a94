using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>DeleteObjects in an overlaid bucket: like DeleteObject for each key (rule D3).</summary>
public sealed class ManyDeletes(ObjectDeletes deletes, BucketDirectory directory, ILogger logger)
{
    /// <summary>Keys deleted in parallel: enough to share the tombstones' syncs, few enough to leave room for other requests.</summary>
    private const int Parallel = 16;

    /// <summary>Handles DeleteObjects.</summary>
    public async Task HandleAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await directory.RequireAsync(bucket, cancellationToken);
        var delete = await DeleteObjectsRequest.ReadAsync(request, cancellationToken);
        await directory.EnsureAsync(bucket, cancellationToken);
        var outcomes = new DeleteOutcome[delete.Items.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            outcomes.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (i, token) => outcomes[i] = await DeleteAsync(bucket, request, delete.Items[i], token));
        if (bucket.Outcome is { } outcome)
        {
            outcome.IsNoOp = Array.TrueForAll(outcomes, static one => one.Error is not null);
        }

        await DeleteResult.SendAsync(delete, outcomes, request, response, cancellationToken);
    }

    private async Task<DeleteOutcome> DeleteAsync(BucketView bucket, S3Request request, DeleteItem item,
        CancellationToken cancellationToken)
    {
        try
        {
            ObjectKeys.Check(item.Key);
            if (!request.MayDelete(item.Key, item.VersionId))
            {
                throw new S3Exception(S3Errors.AccessDenied);
            }

            var response = new BufferedResponse();
            await deletes.DeleteKeyAsync(new KeyDelete(bucket, request, item.Key, item.VersionId, item.Conditions), response,
                cancellationToken);
            return new DeleteOutcome(item, response.Status < 400 ? null : await ErrorOfAsync(response, cancellationToken))
                { Marker = DeleteMarkers.Of(response) };
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            var error = ClientErrors.Of(failure);
            if (error.Error.Status >= 500)
            {
                Log.DeleteFailed(logger, bucket.Name, failure);
            }

            return new DeleteOutcome(item, error.Error, error.Message);
        }
    }

    /// <summary>The local layer's error. Clients decide by the code whether to retry.</summary>
    private static async ValueTask<S3Error> ErrorOfAsync(BufferedResponse response, CancellationToken cancellationToken) =>
        await response.ErrorAsync(cancellationToken)
        ?? (response.Status == S3Errors.ServiceUnavailable.Status
            ? S3Errors.ServiceUnavailable
            : S3Errors.InternalError with { Message = "The local layer could not delete the object." });
}
