using System.Net;

using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>Forwards client requests, and updates what the proxy knows about buckets from their outcome.</summary>
/// <param name="service">The store.</param>
/// <param name="state">Remembers buckets.</param>
/// <param name="overlaid">The buckets with a remote. For all others the store's response is final.</param>
internal sealed class BucketWatch(ForwardingService service, StoreLayerState state, IRemoteBuckets overlaid)
{
    /// <summary>Sends a request. The caller disposes the response.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the bucket was removed at the store, or the store did not respond.</exception>
    public async Task<HttpResponseMessage> SendAsync(S3Request request, SilenceTimeout patience, CancellationToken cancellationToken)
    {
        var response = await SendOnAsync(request, patience, cancellationToken);
        try
        {
            if (response.StatusCode == HttpStatusCode.NotFound && overlaid.Find(request.Bucket) is not null)
            {
                await LookAgainAsync(request, response, patience, cancellationToken);
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendOnAsync(S3Request request, SilenceTimeout patience, CancellationToken cancellationToken)
    {
        try
        {
            return await service.SendAsync(request, patience, cancellationToken);
        }
        finally
        {
            // Whatever the outcome: a client that created the bucket must find it in its next request.
            if (request.Operation is S3Operation.CreateBucket or S3Operation.DeleteBucket)
            {
                state.ForgetBucket(request.Bucket);
            }
        }
    }

    /// <summary>
    /// The local half of a bucket is gone: someone removed it at the store. Clients still see the bucket, so the store's response would be
    /// wrong. Their next attempt creates it again.
    /// </summary>
    private async Task LookAgainAsync(S3Request request, HttpResponseMessage response, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        // A HEAD has no document. For a bucket, 404 has one meaning.
        var isMissed = request.IsHead ? request.Key.Length == 0 : await service
            .CodeAsync(response, patience, cancellationToken) == S3Errors.NoSuchBucket.Code;
        if (!isMissed)
        {
            return;
        }

        state.ForgetBucket(request.Bucket);
        patience.Unlimited();
        var now = await state.ResolveBucketAsync(request.Bucket, cancellationToken);

        // Deleted through this proxy or another, or a copy's source is missing.
        var isTrue = now.Exists ? request.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy : now.IsOpaque;
        if (!isTrue)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1, "The bucket was taken away at the local store. Please try again.");
        }
    }
}
