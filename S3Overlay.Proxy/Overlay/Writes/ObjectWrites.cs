using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>Writes to overlaid buckets: all go to the local layer, after its half of the bucket was created (rules W1, B2).</summary>
public sealed class ObjectWrites(
    IS3Service local, BucketDirectory directory, ConditionalWrites conditional, ChangeBases bases, IRemoteReader reader,
    KeepAliveResponses slow, ILogger logger)
{
    /// <summary>CreateMultipartUpload, PostObject: passed to the local layer once its half of the bucket exists.</summary>
    public async Task StartAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await directory.EnsureAsync(bucket, cancellationToken);
        await local.HandleAsync(await bases.AddToAsync(bucket, request, cancellationToken), response, cancellationToken);
    }

    /// <summary>Handles PutObject.</summary>
    public async Task PutAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await directory.EnsureAsync(bucket, cancellationToken);
        await conditional.WriteAsync(bucket, request, response, cancellationToken);
        Forget(bucket.Name, request.Key, response);
    }

    /// <summary>Handles CompleteMultipartUpload.</summary>
    public async Task CompleteAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await RequireUploadsAsync(bucket, cancellationToken);
        var isDone = await slow.RespondAsync(
            request,
            response,
            async (result, token) =>
            {
                await conditional.WriteAsync(bucket, request, result, token);
                await ForgetIfWrittenAsync(bucket.Name, request.Key, result);
            },
            cancellationToken);
        if (bucket.Outcome is { } outcome)
        {
            outcome.IsNoOp = !isDone;
        }
    }

    /// <summary>UploadPart, AbortMultipartUpload, ListParts: uploads exist only in the local layer (rule W6).</summary>
    public async Task OfUploadAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await RequireUploadsAsync(bucket, cancellationToken);
        await local.HandleAsync(request, response, cancellationToken);
    }

    /// <summary>
    /// Evicts what is cached of a key that was written or deleted. The response does not wait for it: a write takes precedence over the
    /// cache (rule W2).
    /// </summary>
    public void Forget(string bucket, string key)
    {
        _ = ForgetAsync(bucket, key);
    }

    /// <summary>
    /// Evicts if the status says that the key changed. A refused write changed nothing, and frozen entries cannot be filled again (rule
    /// S1). After a failed write the outcome is unknown; if the key was written, the write takes precedence anyway.
    /// </summary>
    public void Forget(string bucket, string key, S3Response response)
    {
        if (response.Status < StatusCodes.Status400BadRequest)
        {
            Forget(bucket, key);
        }
    }

    /// <summary>
    /// The same for a copy or complete, based on the local response: it may start as 200 and end with an <c>Error</c> document (rule W4).
    /// </summary>
    public async ValueTask ForgetIfWrittenAsync(string bucket, string key, BufferedResponse response)
    {
        if (!response.IsCut && await response.ErrorAsync(CancellationToken.None) is null)
        {
            Forget(bucket, key, response);
        }
    }

    /// <summary>Throws if the bucket has no local half that could contain the upload.</summary>
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
