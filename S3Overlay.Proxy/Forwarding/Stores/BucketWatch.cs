using System.Net;

using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Clients' requests on their way to the store, watched for what they tell of buckets: what was remembered of one that they make or miss is
/// true no longer.
/// </summary>
/// <param name="service">The store.</param>
/// <param name="state">What remembers buckets.</param>
/// <param name="overlaid">Which buckets have a remote; the store's word on all others is the last.</param>
internal sealed class BucketWatch(ForwardingService service, StoreLayerState state, IRemoteBuckets overlaid)
{
    /// <summary>Sends a request. The store's answer is the caller's to dispose.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where the bucket was taken away at the store, or the store did not
    /// answer.</exception>
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
            // Whatever became of it: whoever is told that the bucket was made finds it in the next request.
            if (request.Operation is S3Operation.CreateBucket or S3Operation.DeleteBucket)
            {
                state.ForgetBucket(request.Bucket);
            }
        }
    }

    /// <summary>
    /// A bucket's local half that was there, as far as was remembered, and is not: somebody took it away at the store. Clients see the
    /// bucket all the same, so that what they read in the store's answer would be wrong; their next attempt makes it anew.
    /// </summary>
    private async Task LookAgainAsync(S3Request request, HttpResponseMessage response, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        // A HEAD has no document: of a bucket there is only one thing it can mean.
        var isMissed = request.IsHead ? request.Key.Length == 0 : await service
            .CodeAsync(response, patience, cancellationToken) == S3Errors.NoSuchBucket.Code;
        if (!isMissed)
        {
            return;
        }

        state.ForgetBucket(request.Bucket);
        patience.Unlimited();
        var now = await state.ResolveBucketAsync(request.Bucket, cancellationToken);

        // Deleted here, by this proxy or another; or it is the source of a copy that is missed.
        var isTrue = now.Exists ? request.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy : now.IsOpaque;
        if (!isTrue)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1, "The bucket was taken away at the local store. Please try again.");
        }
    }
}
