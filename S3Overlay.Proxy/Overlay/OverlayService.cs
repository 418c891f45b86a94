using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Copies;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

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
public sealed class OverlayService : IS3Service
{
    private const string InternalMetadata = "x-amz-meta-s3overlay-";

    private readonly IS3Service _local;
    private readonly BucketDirectory _directory;
    private readonly BucketList _bucketList;
    private readonly BucketRequests _buckets;
    private readonly BucketListings _listings;
    private readonly ReadRouter _reads;
    private readonly ObjectWrites _writes;
    private readonly ObjectDeletes _deletes;
    private readonly ManyDeletes _manyDeletes;
    private readonly CopyRequests _copies;
    private readonly SubResourceWrites _subResources;
    private readonly OverlayLocks _locks;
    private readonly LocalFailover? _outage;
    private readonly TimeSpan _budget;
    private readonly TimeProvider _time;

    /// <summary>An overlay around a local layer.</summary>
    /// <param name="local">The local layer.</param>
    /// <param name="reader">Reads what the remote owns.</param>
    /// <param name="remotes">Which buckets have a remote.</param>
    /// <param name="shown">The remote whose buckets are listed if the settings say so; null for none.</param>
    /// <param name="settings">How the layers are shown.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets failures.</param>
    /// <param name="outage">Reads from the remote alone while the local layer is down; null if such reads fail.</param>
    /// <param name="meters">Counts tombstones; null to count nothing.</param>
    public OverlayService(
        LocalLayer local,
        IRemoteReader reader,
        IRemoteBuckets remotes,
        IRemote? shown,
        OverlaySettings settings,
        TimeProvider time,
        ILogger<OverlayService> logger,
        LocalFailover? outage = null,
        OverlayMeters? meters = null)
    {
        S3Exception LateError(S3Request request, Exception failure)
        {
            var error = ClientErrors.Of(failure);
            Log.SlowAnswerFailed(logger, request.RequestId, error.Error.Code, failure);
            return error;
        }

        var (service, layer) = (local.Service, local.State);
        (_local, _budget, _time, _locks, _outage) = (service, settings.Budget, time, new OverlayLocks(time), outage);
        var (slow, objects) = (new KeepAliveResponses(time, LateError),
            new LocalObjects(service, new EncryptedObjects(layer, local.Versions)));
        var conditional = new ConditionalWrites(service, objects, layer, reader, _locks, local.Conditions);
        _directory = new BucketDirectory(layer, remotes, settings, time);
        _bucketList = new BucketList(layer, local.Identities, remotes, shown, _directory, settings, time, logger);
        _listings = new BucketListings(layer, local.Versions, local.Cache, reader, settings, logger);
        _buckets = new BucketRequests(service, _directory, _listings, settings);
        _reads = new ReadRouter(service, local.Reads, _directory, reader, settings.Budget, time, outage);
        _writes = new ObjectWrites(service, _directory, conditional, reader, slow, logger);
        var markers = new DeleteMarkers(objects, local.Versions, reader, _locks);
        _deletes = new ObjectDeletes(objects, _directory, layer, local.Marks, reader, _locks, _writes, settings, local.Conditions, markers,
            meters);
        _manyDeletes = new ManyDeletes(_deletes, _directory, logger);
        _copies = new CopyRequests(
            service, objects, _directory, layer, reader, conditional, new StreamedCopy(service, objects, conditional, time, logger),
            _writes,
            slow, local.Identities);
        _subResources = new SubResourceWrites(local, objects, _directory, reader, conditional, _writes, settings);
    }

    /// <summary>Which buckets exist.</summary>
    internal BucketDirectory Directory => _directory;

    /// <summary>Locks for changes within this process.</summary>
    internal OverlayLocks Locks => _locks;

    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (request.Operation == S3Operation.ListBuckets)
        {
            return _bucketList.HandleAsync(request, response, cancellationToken);
        }

        if (_directory.IsInternal(request.Bucket))
        {
            throw new S3Exception(request.Operation == S3Operation.CreateBucket ? S3Errors.BucketAlreadyExists : S3Errors.NoSuchBucket);
        }

        RefuseInternalMetadata(request);
        var hasRemote = _directory.Below(request.Bucket) is not null;
        if (hasRemote && ArchiveUploads.Is(request))
        {
            throw ArchiveUploads.NotOverlaid();
        }

        if (hasRemote && request.Operation is S3Operation.DeleteObject or S3Operation.DeleteObjectTagging)
        {
            // Reads have a second chance: the object's owner says the same, or answers with its own error.
            NamedVersions.RefuseEmpty(request);
        }

        return request.Operation switch
        {
            S3Operation.GetObject or S3Operation.HeadObject when hasRemote => _reads.AnswerAsync(request, response, cancellationToken),
            S3Operation.CopyObject or S3Operation.UploadPartCopy => HandleOverlaidAsync(request, response, cancellationToken),
            _ => hasRemote ? HandleOverlaidAsync(request, response, cancellationToken)
                : _local.HandleAsync(request, response, cancellationToken),
        };
    }

    private async Task HandleOverlaidAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        try
        {
            var isChange = request.Method is not ("GET" or "HEAD");
            if (isChange && _outage is not null)
            {
                await _outage.LookAsync(cancellationToken);
            }

            var bucket = await _directory.LookAsync(request.Bucket, cancellationToken);
            var outcome = new ChangeOutcome();
            bucket = bucket with { Budget = new RequestBudget(_budget, _time), Outcome = outcome };
            await HandleAsync(bucket, request, response, cancellationToken);
            if (isChange && response.Status < StatusCodes.Status400BadRequest && !outcome.IsNoOp)
            {
                _outage?.NoteDone();
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
                : _local.HandleAsync(request, response, cancellationToken);
        }

        return request.Operation switch
        {
            S3Operation.GetObjectAcl or S3Operation.GetObjectTagging or S3Operation.GetObjectAttributes or S3Operation.GetObjectLegalHold
                or S3Operation.GetObjectRetention or S3Operation.GetObjectTorrent =>
                    _reads.AnswerAsync(request, response, cancellationToken),

            S3Operation.PutObject => _writes.PutAsync(bucket, request, response, cancellationToken),
            S3Operation.CreateMultipartUpload or S3Operation.PostObject => _writes.StartAsync(bucket, request, response, cancellationToken),
            S3Operation.CopyObject or S3Operation.UploadPartCopy => _copies.CopyAsync(bucket, request, response, cancellationToken),
            S3Operation.CompleteMultipartUpload => _writes.CompleteAsync(bucket, request, response, cancellationToken),
            S3Operation.UploadPart or S3Operation.AbortMultipartUpload or S3Operation.ListParts
                => _writes.OfUploadAsync(bucket, request, response, cancellationToken),
            S3Operation.DeleteObject => _deletes.DeleteAsync(bucket, request, response, cancellationToken),
            S3Operation.DeleteObjects => _manyDeletes.HandleAsync(bucket, request, response, cancellationToken),

            S3Operation.PutObjectAcl or S3Operation.PutObjectTagging or S3Operation.DeleteObjectTagging or S3Operation.PutObjectLegalHold
                or S3Operation.PutObjectRetention or S3Operation.RestoreObject or S3Operation.SelectObjectContent
                => _subResources.HandleAsync(bucket, request, response, cancellationToken),

            S3Operation.ListObjects or S3Operation.ListObjectsV2 or S3Operation.ListObjectVersions =>
                ListAsync(bucket, request, response, cancellationToken),
            S3Operation.CreateBucket => _buckets.CreateAsync(bucket, request, response, cancellationToken),
            S3Operation.HeadBucket => _buckets.HeadAsync(bucket, request, response, cancellationToken),
            S3Operation.DeleteBucket => DeleteBucketAsync(bucket, response, cancellationToken),
            S3Operation.GetBucketLocation or S3Operation.GetBucketConfiguration or S3Operation.ListMultipartUploads
                => _buckets.ReadConfigurationAsync(bucket, request, response, cancellationToken),
            S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration
                => _buckets.WriteConfigurationAsync(bucket, request, response, cancellationToken),

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
        using (await _locks.Buckets.ShareAsync(bucket.Name, cancellationToken))
        {
            bucket = (await _directory.LookAsync(bucket.Name, cancellationToken)) with { Budget = bucket.Budget };
            if (!bucket.IsOverlaid)
            {
                await _local.HandleAsync(request, response, cancellationToken);
                return;
            }
        }

        await HandleAsync(bucket, request, response, cancellationToken);
    }

    /// <summary>Deletes and undeletes change whether the bucket is empty, so neither may run while the bucket is deleted.</summary>
    private async Task DeleteBucketAsync(BucketView bucket, S3Response response, CancellationToken cancellationToken)
    {
        using var alone = await _locks.Buckets.TakeAsync(bucket.Name, cancellationToken);
        await _buckets.DeleteAsync((await _directory.LookAsync(bucket.Name, cancellationToken)) with { Budget = bucket.Budget }, response,
            cancellationToken);
    }

    private async Task ListAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await _directory.RequireAsync(bucket, cancellationToken);
        await _listings.HandleAsync(bucket, request, response, cancellationToken);
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
