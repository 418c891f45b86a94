using System.Net;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Stores.Held;
using S3Overlay.Proxy.Forwarding.Stores.Placed;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Reads of written keys over an S3 endpoint: the client's own request is the question, so that a hit costs one call. What the store lacks may be remote-owned,
/// and its tombstone is then asked for while the caller looks for a copy.
/// </summary>
/// <param name="service">The store.</param>
/// <param name="isDeleted">Whether a key has a tombstone.</param>
/// <param name="time">The clock.</param>
/// <param name="throwsFailures">Whether an error that is the store's own (5xx) is thrown, for a caller that may have another answer; else it is handed on as it came.</param>
/// <param name="copies">Tells copies of the remote's objects among local's own (rule E4); null where there are none.</param>
internal sealed class StoreReads(
    ForwardingService service, Func<string, string, CancellationToken, Task<bool>> isDeleted, TimeProvider time, bool throwsFailures = false,
    PlacedCopies? copies = null) : IWrittenReads
{
    /// <inheritdoc/>
    public async Task<WrittenRead> TryAnswerAsync(S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        if (copies is not null && request.Operation is not (S3Operation.GetObject or S3Operation.HeadObject) && await IsCopyAsync(request, cancellationToken))
        {
            // The answer about a sub-resource would not tell whose it is.
            return NotWritten(request, null, cancellationToken);
        }

        using var patience = new Patience(time, cancellationToken);
        var response = await service.SendAsync(request, patience, cancellationToken);
        IHeldCopy? copy = null;
        try
        {
            if (await IsAbsentAsync(request, response, patience, cancellationToken))
            {
                return NotWritten(request, null, cancellationToken);
            }

            if (throwsFailures && (int)response.StatusCode >= 500)
            {
                var code = request.IsHead ? null : await service.CodeAsync(response, patience, cancellationToken);
                throw new S3Exception(new S3Error(code ?? S3Errors.ServiceUnavailable.Code, (int)response.StatusCode, "The local store could not answer."));
            }

            copy = copies is null ? null : await CopyOfAsync(copies, request, response, cancellationToken);
            if (copy is not null)
            {
                return NotWritten(request, copy, cancellationToken);
            }

            PlacedMark.Hide(response);
            await service.AnswerAsync(request, response, answer, patience, cancellationToken);
            return WrittenRead.Answered;
        }
        finally
        {
            if (copy is null || request.IsHead)
            {
                response.Dispose();
            }
        }
    }

    private WrittenRead NotWritten(S3Request request, IHeldCopy? copy, CancellationToken cancellationToken) =>
        new(false, isDeleted(request.Bucket, request.Key, cancellationToken).Observed()) { Copy = copy };

    private async ValueTask<bool> IsCopyAsync(S3Request request, CancellationToken cancellationToken) =>
        await copies!.ETagAsync(request.Bucket, request.Key, cancellationToken) is not null;

    /// <summary>
    /// The copy that the store answered with, or would have: what it says of a condition or of a range does not tell whose object that is about, and it judged by its own
    /// ETag and date.
    /// </summary>
    private static async ValueTask<IHeldCopy?> CopyOfAsync(PlacedCopies copies, S3Request request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
        {
            return copies.Take(request, response);
        }

        if (response.StatusCode is not (HttpStatusCode.NotModified or HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable))
        {
            return null;
        }

        var found = await copies.OpenAsync(new ObjectName(request.Bucket, request.Key), cancellationToken);
        if (found is not null)
        {
            response.Dispose();
        }

        return found;
    }

    /// <summary>
    /// Whether the store has no such key, version or bucket. Its other 404s are answers about an object that is there: a retention it does not have, a website's own
    /// error page.
    /// </summary>
    private async ValueTask<bool> IsAbsentAsync(S3Request request, HttpResponseMessage response, Patience patience, CancellationToken cancellationToken)
    {
        var namesVersion = request.Query["versionId"] is { Length: > 0 } and not "null";
        if (response.StatusCode != HttpStatusCode.NotFound && !(namesVersion && response.StatusCode == HttpStatusCode.BadRequest))
        {
            return false;
        }

        if (request.IsHead)
        {
            return true;
        }

        var code = await service.CodeAsync(response, patience, cancellationToken);
        return code is "NoSuchKey" or "NoSuchBucket" or "NoSuchVersion" || (namesVersion && code is "InvalidArgument" or "InvalidVersionId");
    }
}
