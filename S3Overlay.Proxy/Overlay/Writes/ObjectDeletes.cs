using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reads;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Deletes in overlaid buckets: the tombstone first, then the local object (rule D1). Whichever instant it ends at, the remote's never shows.</summary>
public sealed class ObjectDeletes(
    LocalObjects local, BucketDirectory directory, ILayerState layer, IRemoteReader reader, OverlayLocks locks, ObjectWrites writes, OverlaySettings settings,
    ILocalConditions abilities, DeleteMarkers markers, OverlayMeters? meters)
{
    /// <summary>DeleteObject.</summary>
    public async Task DeleteAsync(BucketView bucket, S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        await directory.EnsureAsync(bucket, cancellationToken);
        await DeleteKeyAsync(bucket, request, request.Key, request.Query["versionId"], request.Header("If-Match"), answer, cancellationToken);
    }

    /// <summary>Deletes one key of a bucket whose local half is there.</summary>
    public async Task DeleteKeyAsync(
        BucketView bucket, S3Request request, string key, string? versionId, string? ifMatch, S3Answer answer, CancellationToken cancellationToken)
    {
        if (versionId is { Length: > 0 } and not "null")
        {
            await markers.DeleteVersionAsync(bucket, request, key, versionId, answer, cancellationToken);
            writes.Forget(bucket.Name, key);
            return;
        }

        var isJudgedByLocal = ifMatch is null || !bucket.IsOverlaid || (await abilities.GetAsync(cancellationToken)).DeletesIfMatch;
        if (!isJudgedByLocal && !abilities.IsAlone)
        {
            throw LocalConditions.NotJudged();
        }

        using (await locks.Keys.TakeAsync(new ObjectName(bucket.Name, key), cancellationToken))
        {
            if (ifMatch is not null && bucket.IsOverlaid)
            {
                await JudgeAsync(bucket, request, key, ifMatch, cancellationToken);
            }

            var leavesTombstone = bucket.IsOverlaid && settings.LeavesTombstones;
            if (leavesTombstone)
            {
                locks.Deletes.Advance(bucket.Name, key);
                await layer.MarkDeletedAsync(bucket.Name, key, cancellationToken);
                meters?.TombstoneWritten();
            }

            if (ifMatch is null || !bucket.IsOverlaid || await layer.ResolveAsync(bucket.Name, key, cancellationToken) == KeyState.Written)
            {
                await local.DeleteAsync(request, bucket.Name, key, versionId == "null", isJudgedByLocal ? ifMatch : null, answer, cancellationToken);
                if (leavesTombstone)
                {
                    await markers.NameAsync(bucket.Name, key, answer, cancellationToken);
                }
            }
            else
            {
                // The condition held on the remote's object. Local has none to judge it by once more, and would call it absent.
                answer.Status = StatusCodes.Status204NoContent;
            }
        }

        writes.Forget(bucket.Name, key);
    }

    /// <summary>Refuses a delete whose condition does not hold on what clients see, before anything is marked.</summary>
    private async Task JudgeAsync(BucketView bucket, S3Request request, string key, string ifMatch, CancellationToken cancellationToken)
    {
        var state = await layer.ResolveAsync(bucket.Name, key, cancellationToken);
        var current = state switch
        {
            KeyState.Written => await local.HeadAsync(request, bucket.Name, key, cancellationToken),
            KeyState.Deleted => null,
            _ => await reader.HeadAsync(bucket, key, mayBeStale: false, cancellationToken) is { } info ? new LocalObject(info.ETag, info.LastModified) : null,
        };
        if (current is null)
        {
            throw new S3Exception(S3Errors.NoSuchKey);
        }

        if (!ETags.ListHas(ifMatch, current.ETag))
        {
            throw WriteConditions.Failed("If-Match");
        }
    }
}
