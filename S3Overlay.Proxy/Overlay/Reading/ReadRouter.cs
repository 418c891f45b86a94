using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Finds the layer that answers a read of a key (rules R1 to R3, R8, V1).</summary>
/// <remarks>
/// <code>
///   GET, HEAD, ?acl, ?tagging ... of a key
///     written          local answers; the remote is not contacted                              IWrittenReads
///     tombstone        404 NoSuchKey, unless the bucket was deleted as well; the remote is not contacted
///     neither
///       bucket opaque  local answers (404): the bucket was deleted here, and the remote is hidden
///       no remote has  local answers (404): remotes back other keys of the bucket (rule M1)
///       else           the remote's reader: what is held, a fill under way, or the remote
///     local is down    503; or, where the settings say so, the remote alone                    LocalFailover
/// </code>
/// </remarks>
public sealed class ReadRouter(
    IS3Service service, IWrittenReads written, BucketDirectory directory, IRemoteReader reader, TimeSpan budget, TimeProvider time,
    LocalFailover? outage = null)
{
    /// <summary>The header that names the layer an answer comes from (rule T4).</summary>
    public const string LayerHeader = OriginHeaders.Layer;

    /// <summary>Answers a read in a bucket with a remote.</summary>
    public Task AnswerAsync(S3Request request, S3Response answer, CancellationToken cancellationToken) =>
        outage is not null && directory.Below(request.Bucket)?.Of(request.Key) is { } remote
            ? AnswerInAnyCaseAsync(outage, request, answer, remote, cancellationToken)
            : AnswerFromLayersAsync(request, answer, cancellationToken);

    private async Task AnswerInAnyCaseAsync(LocalFailover local, S3Request request, S3Response answer, RemoteBucket remote,
        CancellationToken cancellationToken)
    {
        if (!local.IsOn)
        {
            var before = new ResponseSnapshot(answer);
            try
            {
                await AnswerFromLayersAsync(request, answer, cancellationToken);
                return;
            }
            catch (S3Exception failure) when (failure.Error.Status >= 500 && !answer.HasStarted)
            {
                if (!await local.BeginsAsync(cancellationToken))
                {
                    throw;
                }

                before.Restore(answer);
            }
        }

        await local.AnswerAsync(request, answer, remote, cancellationToken);
    }

    private async Task AnswerFromLayersAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        answer.Headers[LayerHeader] = "local";
        var local = await AskLocalAsync(request, answer, cancellationToken);
        if (local.IsAnswered)
        {
            return;
        }

        await AnswerUnwrittenAsync(request, answer, local, cancellationToken);
    }

    /// <summary>Asks local, and tells what became of it where somebody listens.</summary>
    private ValueTask<WrittenRead> AskLocalAsync(S3Request request, S3Response answer, CancellationToken cancellationToken) =>
        Tracing.IsOn ? TracedAsync(request, answer, cancellationToken) : new(written.TryAnswerAsync(request, answer, cancellationToken));

    private async ValueTask<WrittenRead> TracedAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        using var span = Tracing.Start(SpanNames.LocalMiss);
        try
        {
            var local = await written.TryAnswerAsync(request, answer, cancellationToken);
            if (local.IsAnswered && span is not null)
            {
                span.DisplayName = SpanNames.LocalHit;
                span.SetTag(SpanAttributes.Bytes, answer.Sent);
            }
            else if (IsDeletedHere(local))
            {
                span?.SetTag(SpanAttributes.Outcome, Outcomes.Deleted);
            }

            return local;
        }
        catch (S3Exception failure)
        {
            span.Fail(failure.Error.Code);
            throw;
        }
    }

    private async Task AnswerUnwrittenAsync(S3Request request, S3Response answer, WrittenRead local, CancellationToken cancellationToken)
    {
        var bucket = await directory.LookAsync(request.Bucket, cancellationToken);
        if (IsDeletedHere(local) && bucket.State is not { IsOpaque: true, Exists: false })
        {
            throw Deleted(request, local);
        }

        if (bucket.RemoteOf(request.Key) is not { } remote)
        {
            // Deleted or not, all there is of the key is local's answer: of a bucket that was deleted as a whole tombstones of before may
            // be left, and there is none.
            await ((Task)local.IsDeleted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (bucket.IsOverlaid)
            {
                // A bucket that is there for other keys' sake may have no local half to ask.
                throw Deleted(request, local);
            }

            await service.HandleAsync(request, answer, cancellationToken);
            return;
        }

        answer.Headers.Remove(LayerHeader);
        var began = time.GetTimestamp();
        try
        {
            if (!await reader.AnswerAsync(request, answer, remote, local, cancellationToken))
            {
                answer.Headers[LayerHeader] = "local";
                throw Deleted(request, local);
            }
        }
        catch (S3Exception missing) when (!IsDeletedHere(local) && !answer.HasStarted && !request.IsHead
            && (missing.Error == S3Errors.NoSuchKey || missing.Error == S3Errors.NoSuchBucket))
        {
            throw await ExplainAsync(bucket, missing, time.GetElapsedTime(began), cancellationToken);
        }
    }

    private static bool IsDeletedHere(WrittenRead local) => local.IsDeleted.IsCompletedSuccessfully && local.IsDeleted.Result;

    /// <summary>That there is nothing, which is said here alone: no layer is asked that would judge what the request wants of it.</summary>
    /// <exception cref="S3Exception">What it wants cannot be meant.</exception>
    private static S3Exception Deleted(S3Request request, WrittenRead local)
    {
        ReadParameters.Check(request);
        return new(request.Query["versionId"] is { Length: > 0 } and not "null" ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey)
            { Headers = local.Marker ?? [] };
    }

    /// <summary>
    /// A miss is NoSuchKey where the bucket is there, whatever the remote's own bucket is; and NoSuchBucket where it is not. Where that is
    /// not known once the client has waited for the remote as long as it may, it is told what is known.
    /// </summary>
    private async Task<S3Exception> ExplainAsync(BucketView bucket, S3Exception missing, TimeSpan waited,
        CancellationToken cancellationToken)
    {
        try
        {
            var exists = await directory.ExistsAsync(bucket with { Budget = new RequestBudget(budget, time, waited) }, cancellationToken);
            return exists == (missing.Error == S3Errors.NoSuchKey) ? missing
                : new S3Exception(exists ? S3Errors.NoSuchKey : S3Errors.NoSuchBucket, cause: missing);
        }
        catch (RemoteException)
        {
            return missing;
        }
    }
}
