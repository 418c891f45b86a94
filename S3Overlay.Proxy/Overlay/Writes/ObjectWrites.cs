using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Writes to overlaid buckets: all of them go to local, whose half of the bucket is made first (rules W1, B2).</summary>
public sealed class ObjectWrites(
    IS3Service local, BucketDirectory directory, ConditionalWrites conditional, IRemoteReader reader, KeepAliveResponses slow,
    ILogger logger)
{
    /// <summary>CreateMultipartUpload, PostObject: what local does alone once its half of the bucket is there.</summary>
    public async Task StartAsync(BucketView bucket, S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        await directory.EnsureAsync(bucket, cancellationToken);
        await local.HandleAsync(request, answer, cancellationToken);
    }

    /// <summary>PutObject.</summary>
    public async Task PutAsync(BucketView bucket, S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        await directory.EnsureAsync(bucket, cancellationToken);
        await conditional.WriteAsync(bucket, request, answer, cancellationToken);
        Forget(bucket.Name, request.Key, answer);
    }

    /// <summary>CompleteMultipartUpload.</summary>
    public async Task CompleteAsync(BucketView bucket, S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        await RequireUploadsAsync(bucket, cancellationToken);
        await slow.AnswerAsync(
            request,
            answer,
            async (result, token) =>
            {
                await conditional.WriteAsync(bucket, request, result, token);
                await ForgetIfWrittenAsync(bucket.Name, request.Key, result);
            },
            cancellationToken);
    }

    /// <summary>UploadPart, AbortMultipartUpload, ListParts: about an upload that only local can have (rule W6).</summary>
    public async Task OfUploadAsync(BucketView bucket, S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        await RequireUploadsAsync(bucket, cancellationToken);
        await local.HandleAsync(request, answer, cancellationToken);
    }

    /// <summary>
    /// Drops what is kept of a key that was written or deleted. The client's answer does not wait for it: precedence outranks what is kept
    /// (rule W2).
    /// </summary>
    public void Forget(string bucket, string key)
    {
        _ = ForgetAsync(bucket, key);
    }

    /// <summary>
    /// The same where the answer's status says that it was. What local refused has changed nothing, and where copies are frozen (rule S1)
    /// they cannot be had again. Nor is anything dropped where local failed and nobody knows: should the key be written, that outranks what
    /// is kept.
    /// </summary>
    public void Forget(string bucket, string key, S3Response answer)
    {
        if (answer.Status < StatusCodes.Status400BadRequest)
        {
            Forget(bucket, key);
        }
    }

    /// <summary>
    /// The same of a copy or complete, by what local itself answered: what the client gets may have begun as a 200 before that, and a 200
    /// of local's own may end with an <c>Error</c> (rule W4).
    /// </summary>
    public async ValueTask ForgetIfWrittenAsync(string bucket, string key, BufferedResponse answer)
    {
        if (!answer.IsCut && await answer.ErrorAsync(CancellationToken.None) is null)
        {
            Forget(bucket, key, answer);
        }
    }

    /// <summary>Refuses an upload id where no local half could hold one.</summary>
    public async ValueTask RequireUploadsAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        if (!bucket.IsLocal && !await directory.IsLocalByNowAsync(bucket, cancellationToken))
        {
            await directory.RequireAsync(bucket, cancellationToken);
            throw new S3Exception(S3Errors.NoSuchUpload);
        }
    }

    private async Task ForgetAsync(string bucket, string key)
    {
        try
        {
            await reader.InvalidateAsync(bucket, key);
        }
        catch (Exception failure)
        {
            Log.InvalidationFailed(logger, bucket, failure);
        }
    }
}
