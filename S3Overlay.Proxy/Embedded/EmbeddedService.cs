using S3Overlay.Proxy.Embedded.Operations;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded;

/// <summary>A plain S3 server on the built-in store. Each operation is one method of one class.</summary>
/// <param name="store">The store, which the caller disposes.</param>
public sealed class EmbeddedService(EmbeddedStore store) : IS3Service
{
    private readonly BucketOperations _buckets = new(store);
    private readonly ReadOperations _reads = new(store);
    private readonly PutOperations _puts = new(store);
    private readonly CopyOperations _copies = new(store);
    private readonly DeleteOperations _deletes = new(store);
    private readonly SubResourceOperations _subResources = new(store);
    private readonly LockOperations _locks = new(store);
    private readonly UploadOperations _uploads = new(store);
    private readonly PartOperations _parts = new(store);
    private readonly CompleteOperations _completes = new(store);
    private readonly KeepAliveResponses _slow = new(store.Time, (request, failure) =>
    {
        var error = failure as S3Exception ?? new S3Exception(S3Errors.InternalError, cause: failure);
        Log.SlowResponseFailed(store.Logger, request.RequestId, error.Error.Code, failure);
        return error;
    });

    /// <summary>True if it can set this sub-resource of an object.</summary>
    public static bool SetsSubResource(S3Operation operation) =>
        operation is S3Operation.PutObjectTagging or S3Operation.DeleteObjectTagging or S3Operation.PutObjectRetention
            or S3Operation.PutObjectLegalHold or S3Operation.PutObjectAcl;

    /// <summary>Throws if it would refuse to set this sub-resource of any object of a bucket.</summary>
    /// <exception cref="S3Exception">InvalidRequest: the bucket has no Object Lock. AccessControlListNotSupported.</exception>
    public void CheckSubResource(S3Operation operation, string bucket)
    {
        if (operation is S3Operation.PutObjectRetention or S3Operation.PutObjectLegalHold)
        {
            LockOperations.Require(store, bucket);
        }

        if (operation == S3Operation.PutObjectAcl && store.Buckets.AccessOf(bucket) is not { HasAcls: true })
        {
            throw new S3Exception(AccessErrors.AclNotSupported);
        }
    }

    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken) => request.Operation switch
    {
        S3Operation.GetObject or S3Operation.HeadObject => _reads.GetAsync(request, response, cancellationToken),
        S3Operation.PutObject => _puts.PutAsync(request, response, cancellationToken),
        S3Operation.DeleteObject => _deletes.DeleteAsync(request, response, cancellationToken),
        S3Operation.DeleteObjects => _deletes.DeleteManyAsync(request, response, cancellationToken),
        S3Operation.CopyObject => PatientlyAsync(_copies.CopyAsync, request, response, cancellationToken),
        S3Operation.ListObjects or S3Operation.ListObjectsV2 => _reads.ListAsync(request, response, cancellationToken),
        S3Operation.ListObjectVersions => _reads.ListVersionsAsync(request, response, cancellationToken),
        S3Operation.ListBuckets => _buckets.ListAsync(request, response, cancellationToken),
        S3Operation.CreateBucket => _buckets.CreateAsync(request, response, cancellationToken),
        S3Operation.HeadBucket => _buckets.HeadAsync(request, response),
        S3Operation.DeleteBucket => _buckets.DeleteAsync(request, response, cancellationToken),
        S3Operation.GetBucketLocation or S3Operation.GetBucketConfiguration =>
            _buckets.GetConfigurationAsync(request, response, cancellationToken),
        S3Operation.PutBucketConfiguration => _buckets.PutConfigurationAsync(request, response, cancellationToken),
        S3Operation.DeleteBucketConfiguration => _buckets.DeleteConfigurationAsync(request, response, cancellationToken),
        S3Operation.GetObjectAcl => _subResources.GetAclAsync(request, response, cancellationToken),
        S3Operation.PutObjectAcl => _subResources.PutAclAsync(request, response, cancellationToken),
        S3Operation.GetObjectTagging => _subResources.GetTagsAsync(request, response, cancellationToken),
        S3Operation.PutObjectTagging => _subResources.PutTagsAsync(request, response, cancellationToken),
        S3Operation.DeleteObjectTagging => _subResources.DeleteTagsAsync(request, response, cancellationToken),
        S3Operation.GetObjectAttributes => _subResources.GetAttributesAsync(request, response, cancellationToken),
        S3Operation.RestoreObject => _subResources.RestoreAsync(request, response, cancellationToken),
        S3Operation.GetObjectTorrent => _subResources.GetTorrentAsync(request),
        S3Operation.GetObjectRetention => _locks.GetRetentionAsync(request, response, cancellationToken),
        S3Operation.PutObjectRetention => _locks.PutRetentionAsync(request, response, cancellationToken),
        S3Operation.GetObjectLegalHold => _locks.GetLegalHoldAsync(request, response, cancellationToken),
        S3Operation.PutObjectLegalHold => _locks.PutLegalHoldAsync(request, response, cancellationToken),
        S3Operation.CreateMultipartUpload => _uploads.CreateAsync(request, response, cancellationToken),
        S3Operation.AbortMultipartUpload => _uploads.AbortAsync(request, response, cancellationToken),
        S3Operation.ListParts => _uploads.ListPartsAsync(request, response, cancellationToken),
        S3Operation.ListMultipartUploads => _uploads.ListAsync(request, response, cancellationToken),
        S3Operation.UploadPart => _parts.UploadAsync(request, response, cancellationToken),
        S3Operation.UploadPartCopy => PatientlyAsync(_parts.CopyAsync, request, response, cancellationToken),
        S3Operation.CompleteMultipartUpload => PatientlyAsync(_completes.CompleteAsync, request, response, cancellationToken),
        _ => Task.FromException(new S3Exception(S3Errors.NotImplemented)),
    };

    /// <summary>
    /// Operations that may take long keep their client waiting with white space (rule W4). A caller that reads the result from a buffer
    /// waits in its own way.
    /// </summary>
    private Task PatientlyAsync(
        Func<S3Request, S3Response, CancellationToken, Task> operation, S3Request request, S3Response response,
        CancellationToken cancellationToken) =>
        response is BufferedResponse
            ? operation(request, response, cancellationToken)
            : _slow.RespondAsync(request, response, (result, token) => operation(request, result, token), cancellationToken);
}
