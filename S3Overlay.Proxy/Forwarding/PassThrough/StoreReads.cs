using System.Net;

using S3Overlay.Proxy.Overlay.Layers;
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
public sealed class StoreReads(ForwardingService service, Func<string, string, CancellationToken, Task<bool>> isDeleted, TimeProvider time, bool throwsFailures = false) : IWrittenReads
{
    /// <inheritdoc/>
    public async Task<WrittenRead> TryAnswerAsync(S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        using var patience = new Patience(time, cancellationToken);
        using var response = await service.SendAsync(request, patience, cancellationToken);
        if (await IsAbsentAsync(request, response, patience, cancellationToken))
        {
            return new WrittenRead(false, Observed(isDeleted(request.Bucket, request.Key, cancellationToken)));
        }

        if (throwsFailures && (int)response.StatusCode >= 500)
        {
            var code = request.IsHead ? null : await service.CodeAsync(response, patience, cancellationToken);
            throw new S3Exception(new S3Error(code ?? S3Errors.ServiceUnavailable.Code, (int)response.StatusCode, "The local store could not answer."));
        }

        await service.AnswerAsync(request, response, answer, patience, cancellationToken);
        return WrittenRead.Answered;
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

    /// <summary>Whoever fails meanwhile for another reason does not wait for this any more: its own failure is then no news.</summary>
    private static Task<bool> Observed(Task<bool> task)
    {
        _ = task.ContinueWith(static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }
}
