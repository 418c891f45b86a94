using Microsoft.Extensions.Primitives;

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
///     written          the local layer; the remote is not asked                                IWrittenReads
///     tombstone        404 NoSuchKey, unless the bucket was deleted too; the remote is not asked
///     neither
///       bucket opaque  the local layer (404): the bucket was deleted here, which hides the remote
///       no remote      the local layer (404): remotes back other keys of the bucket (rule M1)
///       else           the remote's reader: the cache, a running fill, or the remote
///     local is down    503; or the remote alone, if configured                                 LocalFailover
/// </code>
/// </remarks>
public sealed class ReadRouter(
    IS3Service service, IWrittenReads written, BucketDirectory directory, IRemoteReader reader, TimeSpan budget, TimeProvider time,
    LocalFailover? outage = null)
{
    /// <summary>The header that names the layer of a response (rule T4).</summary>
    public const string LayerHeader = OriginHeaders.Layer;

    /// <summary>Answers a read in a bucket with a remote.</summary>
    public Task ReadAsync(S3Request request, S3Response response, CancellationToken cancellationToken) =>
        outage is not null && directory.Below(request.Bucket)?.Of(request.Key) is { } remote
            ? ReadWithFailoverAsync(outage, request, response, remote, cancellationToken)
            : ReadLayersAsync(request, response, cancellationToken);

    private async Task ReadWithFailoverAsync(LocalFailover local, S3Request request, S3Response response, RemoteBucket remote,
        CancellationToken cancellationToken)
    {
        if (!local.IsOn)
        {
            KeyValuePair<string, StringValues>[] before = [.. response.Headers];
            try
            {
                await ReadLayersAsync(request, response, cancellationToken);
                return;
            }
            catch (S3Exception failure) when (failure.Error.Status >= 500 && !response.HasStarted)
            {
                if (!await local.BeginsAsync(cancellationToken))
                {
                    throw;
                }

                // A store that broke off before the first byte has set the headers of its own object.
                response.Headers.Clear();
                foreach (var header in before)
                {
                    response.Headers.SetAsIs(header.Key, header.Value);
                }
            }
        }

        await local.ReadAsync(request, response, remote, cancellationToken);
    }

    private async Task ReadLayersAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        response.Headers[LayerHeader] = "local";
        var local = await TryLocalAsync(request, response, cancellationToken);
        if (local.IsServed)
        {
            return;
        }

        await ReadUnwrittenAsync(request, response, local, cancellationToken);
    }

    private ValueTask<WrittenRead> TryLocalAsync(S3Request request, S3Response response, CancellationToken cancellationToken) =>
        Tracing.IsOn ? TracedAsync(request, response, cancellationToken)
            : new(written.TryReadAsync(request, response, cancellationToken));

    private async ValueTask<WrittenRead> TracedAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        using var span = Tracing.Start(SpanNames.LocalMiss);
        try
        {
            var local = await written.TryReadAsync(request, response, cancellationToken);
            if (local.IsServed && span is not null)
            {
                span.DisplayName = SpanNames.LocalHit;
                span.SetTag(SpanAttributes.Bytes, response.Sent);
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

    private async Task ReadUnwrittenAsync(S3Request request, S3Response response, WrittenRead local, CancellationToken cancellationToken)
    {
        var bucket = await directory.LookAsync(request.Bucket, cancellationToken);
        if (IsDeletedHere(local) && bucket.State is not { IsOpaque: true, Exists: false })
        {
            throw Deleted(request, local);
        }

        if (bucket.RemoteOf(request.Key) is not { } remote)
        {
            // Only the local layer counts. A bucket that was deleted as a whole may have left tombstones behind.
            await ((Task)local.IsDeleted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (bucket.IsOverlaid)
            {
                // A bucket that exists only for other keys' remotes may have no local half.
                throw Deleted(request, local);
            }

            await service.HandleAsync(request, response, cancellationToken);
            return;
        }

        response.Headers.Remove(LayerHeader);
        var began = time.GetTimestamp();
        try
        {
            if (!await reader.ReadAsync(request, response, remote, local, cancellationToken))
            {
                response.Headers[LayerHeader] = "local";
                throw Deleted(request, local);
            }
        }
        catch (S3Exception missing) when (!IsDeletedHere(local) && !response.HasStarted && !request.IsHead
            && (missing.Error == S3Errors.NoSuchKey || missing.Error == S3Errors.NoSuchBucket))
        {
            throw await ExplainAsync(bucket, missing, time.GetElapsedTime(began), cancellationToken);
        }
    }

    private static bool IsDeletedHere(WrittenRead local) => local.IsDeleted.IsCompletedSuccessfully && local.IsDeleted.Result;

    /// <summary>The 404 of a key with a tombstone. No layer is asked, so the parameters are checked here.</summary>
    /// <exception cref="S3Exception">A parameter is invalid.</exception>
    private static S3Exception Deleted(S3Request request, WrittenRead local)
    {
        ReadParameters.Check(request);
        return new(request.Query["versionId"] is { Length: > 0 } and not "null" ? S3Errors.NoSuchVersion : S3Errors.NoSuchKey)
            { Headers = local.Marker ?? [] };
    }

    /// <summary>
    /// Returns NoSuchKey if the bucket exists, whatever the remote's bucket is, and NoSuchBucket if not. If this is not known when the
    /// read's budget ends, the remote's error is returned.
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
