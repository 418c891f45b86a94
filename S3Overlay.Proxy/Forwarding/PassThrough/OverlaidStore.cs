using System.Net;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// The store under an overlay. In buckets with a remote, missing things are reported in S3's way, where stores differ, and the outcome of
/// requests updates what the proxy knows about the bucket. In all other buckets the store's response is final (rule T3).
/// </summary>
/// <param name="state">Remembers buckets.</param>
/// <param name="overlaid">The buckets with a remote.</param>
/// <param name="nulls">The store's name for the version <c>null</c>.</param>
internal sealed class OverlaidStore(ForwardingService service, StoreLayerState state, IRemoteBuckets overlaid, NullVersions nulls,
    TimeProvider time) : IS3Service
{
    private readonly RecordedBases _bases = new(service, time);

    /// <inheritdoc/>
    public async Task HandleAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        if (LimitedDeletes.Is(request))
        {
            await LimitedDeletes.AnswerAsync(request, answer, HandleAsync, cancellationToken);
            return;
        }

        using var patience = new SilenceTimeout(time, cancellationToken);
        var isOverlaid = overlaid.Find(request.Bucket) is not null;
        request = isOverlaid || CopiesOverlaid(request) ? nulls.ForStore(request) : request;
        using var response = await SendAsync(request, patience);
        if (isOverlaid && request.Operation == S3Operation.DeleteObject && (int)response.StatusCode == StatusCodes.Status400BadRequest
            && ErrorCodes.LeavesNothingToDelete(await service.CodeAsync(response, patience)))
        {
            // What it cannot have is as gone as a delete can make it: its remote's object is hidden by the tombstone.
            answer.Status = StatusCodes.Status204NoContent;
            return;
        }

        await service.AnswerAsync(request, response, answer, patience);
    }

    private bool CopiesOverlaid(S3Request request) =>
        request.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy
            && overlaid.Find(CopySource.Parse(request).Bucket) is not null;

    /// <summary>Sends a request. The caller disposes the response.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if the bucket was removed at the store, or the store did not respond.</exception>
    private async Task<HttpResponseMessage> SendAsync(S3Request request, SilenceTimeout patience)
    {
        var response = await SendOnAsync(request, patience);
        try
        {
            if (response.StatusCode == HttpStatusCode.NotFound && overlaid.Find(request.Bucket) is not null)
            {
                await LookAgainAsync(request, response, patience);
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendOnAsync(S3Request request, SilenceTimeout patience)
    {
        try
        {
            return await _bases.SendAsync(request, patience);
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
    private async Task LookAgainAsync(S3Request request, HttpResponseMessage response, SilenceTimeout patience)
    {
        // A HEAD has no document. For a bucket, 404 has one meaning.
        var isMissed = request.IsHead ? request.Key.Length == 0 : await service.CodeAsync(response, patience) == S3Errors.NoSuchBucket.Code;
        if (!isMissed)
        {
            return;
        }

        state.ForgetBucket(request.Bucket);
        patience.Unlimited();
        var now = await state.ResolveBucketAsync(request.Bucket, patience.Client);

        // Deleted through this proxy or another, or a copy's source is missing.
        var isTrue = now.Exists ? request.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy : now.IsOpaque;
        if (!isTrue)
        {
            throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1, "The bucket was taken away at the local store. Please try again.");
        }
    }
}
