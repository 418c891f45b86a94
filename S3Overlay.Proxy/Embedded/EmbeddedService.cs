using S3Overlay.Proxy.Embedded.Operations;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded;

/// <summary>A plain S3 server on the built-in store. Each operation is one method of one class.</summary>
public sealed class EmbeddedService : IS3Service
{
    private readonly BucketOperations _buckets;
    private readonly ConfigurationOperations _configuration;
    private readonly ListOperations _lists;
    private readonly ReadOperations _reads;
    private readonly PutOperations _puts;
    private readonly CopyOperations _copies;
    private readonly DeleteOperations _deletes;
    private readonly TaggingOperations _tagging;
    private readonly AttributeOperations _attributes;
    private readonly UploadOperations _uploads;
    private readonly PartOperations _parts;
    private readonly CompleteOperations _completes;
    private readonly KeepAliveResponses _slow;

    /// <summary>The service over a store, which the caller disposes.</summary>
    public EmbeddedService(EmbeddedStore store)
    {
        _buckets = new BucketOperations(store);
        _configuration = new ConfigurationOperations(store);
        _lists = new ListOperations(store);
        _reads = new ReadOperations(store);
        _puts = new PutOperations(store);
        _copies = new CopyOperations(store);
        _deletes = new DeleteOperations(store);
        _tagging = new TaggingOperations(store);
        _attributes = new AttributeOperations(store);
        _uploads = new UploadOperations(store);
        _parts = new PartOperations(store);
        _completes = new CompleteOperations(store);
        _slow = new KeepAliveResponses(store.Time, store.Logger, static failure => failure as S3Exception
            ?? new S3Exception(S3Errors.InternalError, cause: failure));
    }

    /// <summary>True if it can set this sub-resource of an object.</summary>
    public static bool SetsSubResource(S3Operation operation) =>
        operation is S3Operation.PutObjectTagging or S3Operation.DeleteObjectTagging;

    /// <inheritdoc/>
    public Task HandleAsync(S3Request request, S3Response answer, CancellationToken cancellationToken) => request.Operation switch
    {
        S3Operation.GetObject or S3Operation.HeadObject => _reads.GetAsync(request, answer, cancellationToken),
        S3Operation.PutObject => _puts.PutAsync(request, answer, cancellationToken),
        S3Operation.DeleteObject => _deletes.DeleteAsync(request, answer, cancellationToken),
        S3Operation.DeleteObjects => _deletes.DeleteManyAsync(request, answer, cancellationToken),
        S3Operation.CopyObject => PatientlyAsync(_copies.CopyAsync, request, answer, cancellationToken),
        S3Operation.ListObjects or S3Operation.ListObjectsV2 => _lists.ListAsync(request, answer, cancellationToken),
        S3Operation.ListObjectVersions => _lists.ListVersionsAsync(request, answer, cancellationToken),
        S3Operation.ListBuckets => _buckets.ListAsync(request, answer, cancellationToken),
        S3Operation.CreateBucket => _buckets.CreateAsync(request, answer, cancellationToken),
        S3Operation.HeadBucket => _buckets.HeadAsync(request, answer),
        S3Operation.DeleteBucket => _buckets.DeleteAsync(request, answer, cancellationToken),
        S3Operation.GetBucketLocation or S3Operation.GetBucketConfiguration => _configuration.GetAsync(request, answer, cancellationToken),
        S3Operation.DeleteBucketConfiguration => _configuration.DeleteAsync(request, answer),
        S3Operation.GetObjectAcl => _configuration.GetObjectAclAsync(request, answer, cancellationToken),
        S3Operation.GetObjectTagging => _tagging.GetAsync(request, answer, cancellationToken),
        S3Operation.PutObjectTagging => _tagging.PutAsync(request, answer, cancellationToken),
        S3Operation.DeleteObjectTagging => _tagging.DeleteAsync(request, answer, cancellationToken),
        S3Operation.GetObjectAttributes => _attributes.GetAsync(request, answer, cancellationToken),
        S3Operation.CreateMultipartUpload => _uploads.CreateAsync(request, answer, cancellationToken),
        S3Operation.AbortMultipartUpload => _uploads.AbortAsync(request, answer, cancellationToken),
        S3Operation.ListParts => _uploads.ListPartsAsync(request, answer, cancellationToken),
        S3Operation.ListMultipartUploads => _uploads.ListAsync(request, answer, cancellationToken),
        S3Operation.UploadPart => _parts.UploadAsync(request, answer, cancellationToken),
        S3Operation.UploadPartCopy => PatientlyAsync(_parts.CopyAsync, request, answer, cancellationToken),
        S3Operation.CompleteMultipartUpload => PatientlyAsync(_completes.CompleteAsync, request, answer, cancellationToken),
        _ => Task.FromException(new S3Exception(S3Errors.NotImplemented)),
    };

    /// <summary>
    /// Operations that may take long keep their client waiting with white space (rule W4). A caller that reads the result from a buffer
    /// waits in its own way.
    /// </summary>
    private Task PatientlyAsync(
        Func<S3Request, S3Response, CancellationToken, Task> operation, S3Request request, S3Response answer,
        CancellationToken cancellationToken) =>
        answer is BufferedResponse
            ? operation(request, answer, cancellationToken)
            : _slow.AnswerAsync(request, answer, (result, token) => operation(request, result, token), cancellationToken);
}
