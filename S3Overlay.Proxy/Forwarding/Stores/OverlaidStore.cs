using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The store under an overlay. In buckets with a remote, missing things are reported in S3's way, where stores differ. In all other buckets
/// the store's response is final (rule T3).
/// </summary>
/// <param name="watch">Learns about buckets from responses.</param>
/// <param name="overlaid">The buckets with a remote.</param>
/// <param name="nulls">The store's name for the version <c>null</c>.</param>
internal sealed class OverlaidStore(ForwardingService service, BucketWatch watch, IRemoteBuckets overlaid, NullVersions nulls,
    TimeProvider time) : IS3Service
{
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
        using var response = await watch.SendAsync(request, patience, cancellationToken);
        if (isOverlaid
            && request.Operation == S3Operation.DeleteObject
            && (int)response.StatusCode == StatusCodes.Status400BadRequest
            && StoreErrors.LeavesNothingToDelete(await service.CodeAsync(response, patience, cancellationToken)))
        {
            // What it cannot have is as gone as a delete can make it: its remote's object is hidden by the tombstone.
            answer.Status = StatusCodes.Status204NoContent;
            return;
        }

        await service.AnswerAsync(request, response, answer, patience, cancellationToken);
    }

    private bool CopiesOverlaid(S3Request request) =>
        request.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy
            && overlaid.Find(CopySource.Parse(request).Bucket) is not null;
}
