using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Copies;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay;

/// <summary>
/// Shows remote buckets with local changes on top. Handles what the overlay changes, and passes everything else to the local layer.
/// </summary>
/// <remarks>
/// <code>
///   a request
///     ListBuckets                      Buckets/BucketList
///     the overlay's own bucket         404 (rule T5)
///     a bucket without a remote        the local layer, unchanged (rule T3); a copy may still have its source in one with a remote
///     a bucket with a remote
///       read a key                     Reading/ReadRouter: written, tombstone, cache, remote
///       write a key                    Writes/ObjectWrites: creates the local half of the bucket; conditions see the merged view
///       write a sub-resource           Copies/SubResourceWrites: copies the remote's object up first
///       copy                           Copies/CopyRequests: by the local layer, or the remote's bytes written to it
///       delete                         Writes/ObjectDeletes: tombstone, then the local object
///       list                           Listings/BucketListings: a merge
///       the bucket itself              Buckets/BucketRequests
///       an upload                      the local layer, which has all uploads (rule W6)
/// </code>
/// </remarks>
public sealed class OverlayService(
    IS3Service local, BucketDirectory directory, OverlayLocks locks, BucketList bucketList, BucketRequests buckets, BucketListings listings,
    ReadRouter reads, ObjectWrites writes, ObjectDeletes deletes, ManyDeletes manyDeletes, CopyRequests copies,
    SubResourceWrites subResources, LocalFailover? failover, TimeSpan budget, TimeProvider time) : IS3Service
{
    /// <summary>How metadata of the overlay's own begins.</summary>
    internal const string InternalMetadata = "x-amz-meta-s3overlay-";


    /// <summary>Which buckets exist.</summary>
    internal BucketDirectory Directory => directory;

    /// <summary>Locks for changes within this process.</summary>
    internal OverlayLocks Locks => locks;

    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (request.Operation == S3Operation.ListBuckets)
        {
            return bucketList.HandleAsync(request, response, cancellationToken);
        }

        if (directory.IsInternal(request.Bucket))
        {
            throw new S3Exception(request.Operation == S3Operation.CreateBucket ? S3Errors.BucketAlreadyExists : S3Errors.NoSuchBucket);
        }

        RefuseInternalMetadata(request);
        var hasRemote = directory.Below(request.Bucket) is not null;
        if (hasRemote && request.IsArchiveUpload)
        {
            throw S3Exception.ArchiveNotUnpacked();
        }

        if (hasRemote && request.Operation is S3Operation.DeleteObject or S3Operation.DeleteObjectTagging)
        {
            // Reads have a second chance: the object's owner says the same, or answers with its own error.
            ReadParameters.RefuseEmptyVersion(request);
        }

        if (hasRemote && request.IsOfWritten)
        {
            response.Headers[OriginHeaders.Layer] = "local";
            return local.HandleAsync(request, response, cancellationToken);
        }

        return request.Operation switch
        {
            S3Operation.GetObject or S3Operation.HeadObject when hasRemote => reads.ReadAsync(request, response, cancellationToken),
            S3Operation.CopyObject or S3Operation.UploadPartCopy => HandleOverlaidAsync(request, response, cancellationToken),
            _ => hasRemote ? HandleOverlaidAsync(request, response, cancellationToken)
                : local.HandleAsync(request, response, cancellationToken),
        };
    }

    private async Task HandleOverlaidAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        try
        {
            var isChange = request.Method is not ("GET" or "HEAD");
            if (isChange && failover is not null)
            {
                await failover.LookAsync(cancellationToken);
            }

            var bucket = await directory.LookAsync(request.Bucket, cancellationToken);
            var outcome = new ChangeOutcome();
            bucket = bucket with { Budget = new RequestBudget(budget, time), Outcome = outcome };
            await HandleAsync(bucket, request, response, cancellationToken);
            if (isChange && response.Status < StatusCodes.Status400BadRequest && !outcome.IsNoOp)
            {
                failover?.NoteDone();
            }
        }
        catch (RemoteException failure)
        {
            throw ClientErrors.Of(failure);
        }
    }

    private Task HandleAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (!bucket.IsOverlaid
            && request.Operation is not (S3Operation.CopyObject or S3Operation.UploadPartCopy or S3Operation.DeleteBucket))
        {
            // Deleted here, and perhaps created again: local only, as if there had never been a remote (rule B4). A repeated delete must
            // keep the bucket tombstone.
            return request.Operation is S3Operation.DeleteObject or S3Operation.DeleteObjects
                ? DeleteHiddenAsync(bucket, request, response, cancellationToken)
                : local.HandleAsync(request, response, cancellationToken);
        }

        return request.Operation switch
        {
            S3Operation.GetObjectAcl or S3Operation.GetObjectTagging or S3Operation.GetObjectAttributes or S3Operation.GetObjectLegalHold
                or S3Operation.GetObjectRetention or S3Operation.GetObjectTorrent =>
                    reads.ReadAsync(request, response, cancellationToken),

            S3Operation.PutObject => writes.PutAsync(bucket, request, response, cancellationToken),
            S3Operation.CreateMultipartUpload or S3Operation.PostObject => writes.StartAsync(bucket, request, response, cancellationToken),
            S3Operation.CopyObject or S3Operation.UploadPartCopy => copies.CopyAsync(bucket, request, response, cancellationToken),
            S3Operation.CompleteMultipartUpload => writes.CompleteAsync(bucket, request, response, cancellationToken),
            S3Operation.UploadPart or S3Operation.AbortMultipartUpload or S3Operation.ListParts
                => writes.OfUploadAsync(bucket, request, response, cancellationToken),
            S3Operation.DeleteObject => deletes.DeleteAsync(bucket, request, response, cancellationToken),
            S3Operation.DeleteObjects => manyDeletes.HandleAsync(bucket, request, response, cancellationToken),

            S3Operation.PutObjectAcl or S3Operation.PutObjectTagging or S3Operation.DeleteObjectTagging or S3Operation.PutObjectLegalHold
                or S3Operation.PutObjectRetention or S3Operation.RestoreObject or S3Operation.SelectObjectContent
                => subResources.HandleAsync(bucket, request, response, cancellationToken),

            S3Operation.ListObjects or S3Operation.ListObjectsV2 or S3Operation.ListObjectVersions =>
                ListAsync(bucket, request, response, cancellationToken),
            S3Operation.CreateBucket => buckets.CreateAsync(bucket, request, response, cancellationToken),
            S3Operation.HeadBucket => buckets.HeadAsync(bucket, request, response, cancellationToken),
            S3Operation.DeleteBucket => DeleteBucketAsync(bucket, response, cancellationToken),
            S3Operation.GetBucketLocation or S3Operation.GetBucketConfiguration or S3Operation.ListMultipartUploads
                => buckets.ReadConfigurationAsync(bucket, request, response, cancellationToken),
            S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration
                => buckets.WriteConfigurationAsync(bucket, request, response, cancellationToken),

            // The local layer's response alone would be wrong: after a rename, for example, the remote's object would still be visible.
            _ => throw new S3Exception(S3Errors.NotImplemented),
        };
    }

    /// <summary>
    /// A delete in a bucket whose remote is hidden leaves no tombstone. The remote must not become visible during the delete: it would show
    /// the deleted object again.
    /// </summary>
    private async Task DeleteHiddenAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        using (await locks.Buckets.ShareAsync(bucket.Name, cancellationToken))
        {
            bucket = (await directory.LookAsync(bucket.Name, cancellationToken)) with { Budget = bucket.Budget };
            if (!bucket.IsOverlaid)
            {
                await local.HandleAsync(request, response, cancellationToken);
                return;
            }
        }

        await HandleAsync(bucket, request, response, cancellationToken);
    }

    /// <summary>Deletes and undeletes change whether the bucket is empty, so neither may run while the bucket is deleted.</summary>
    private async Task DeleteBucketAsync(BucketView bucket, S3Response response, CancellationToken cancellationToken)
    {
        using var alone = await locks.Buckets.TakeAsync(bucket.Name, cancellationToken);
        await buckets.DeleteAsync((await directory.LookAsync(bucket.Name, cancellationToken)) with { Budget = bucket.Budget }, response,
            cancellationToken);
    }

    private async Task ListAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await directory.RequireAsync(bucket, cancellationToken);
        await listings.HandleAsync(bucket, request, response, cancellationToken);
    }

    /// <summary>The overlay recognises its own objects by metadata of this name (rule T5).</summary>
    private static void RefuseInternalMetadata(S3Request request)
    {
        if (request.Operation is not (S3Operation.PutObject or S3Operation.CopyObject or S3Operation.CreateMultipartUpload))
        {
            return;
        }

        foreach (var header in request.Headers)
        {
            if (header.Key.StartsWith(InternalMetadata, StringComparison.OrdinalIgnoreCase))
            {
                throw new S3Exception(
                    S3Errors.InvalidArgument, $"Metadata names that start with {InternalMetadata} are reserved for the server.")
                {
                    Details = [new("ArgumentName", header.Key.ToLowerInvariant())],
                };
            }
        }
    }
}
