using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Uploads fills in the background: a row before its entry, chunks before the manifest that names them. An entry that is evicted during the
/// upload is removed again.
/// </summary>
internal sealed class EntryPublisher(
    CacheBucketObjects objects, LiveEntries live, BackgroundWork work, EntryRows rows, EntryRemoval removal, ManifestWriter manifests,
    NameLocks<ObjectName> gates, ILogger logger)
{
    private const int Parallel = 4;

    private static readonly WireBody Nothing = WireBody.Of(ReadOnlyMemory<byte>.Empty);

    private readonly SemaphoreSlim _slots = new(Parallel, Parallel);
    private long _uploads;
    private long _uploadedBytes;
    private long _failures;

    /// <summary>How many uploads succeeded.</summary>
    public long Uploads => Volatile.Read(ref _uploads);

    /// <summary>How many bytes they had.</summary>
    public long UploadedBytes => Volatile.Read(ref _uploadedBytes);

    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Uploads a chunk or whole entry if it is completely spooled and not being uploaded.</summary>
    public void Upload(SharedEntry entry, int chunk)
    {
        var isEmpty = entry.Layout.Count == 0;
        if (!live.TryKeep(entry) || !(isEmpty || entry.TryBeginUpload(chunk)))
        {
            return;
        }

        if (live.TryHold(entry))
        {
            work.Start(cancellationToken => UploadAsync(entry, chunk, cancellationToken));
        }
        else
        {
            entry.EndUpload(chunk);
        }
    }

    private async Task UploadAsync(SharedEntry entry, int chunk, CancellationToken cancellationToken)
    {
        try
        {
            await _slots.WaitAsync(cancellationToken);
            using var span = Tracing.Start(SpanNames.CopyUpload)?.SetTag(SpanAttributes.Chunk, chunk);
            try
            {
                if (await (entry.IsManifest ? PutChunkAsync(entry, chunk, cancellationToken) : PutWholeAsync(entry, cancellationToken)))
                {
                    Interlocked.Increment(ref _uploads);
                    Interlocked.Add(ref _uploadedBytes, entry.Layout.Count == 0 ? 0 : entry.Layout.BytesOf(chunk).Length);
                }
            }
            catch (Exception failure)
            {
                span.Fail(failure.GetType().Name);
                throw;
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (Exception failure)
        {
            Interlocked.Increment(ref _failures);
            if (entry.UploadFailed(chunk))
            {
                Log.CacheUploadFailed(logger, entry.Name.Bucket, failure);
            }
        }
        finally
        {
            live.EndWork(entry);
        }
    }

    /// <summary>Uploads a complete chunk.</summary>
    /// <returns>True if it was uploaded; false if the entry was evicted before.</returns>
    private async Task<bool> PutChunkAsync(SharedEntry entry, int chunk, CancellationToken cancellationToken)
    {
        if (entry.Layout.Count == 0)
        {
            // A manifest without chunks: an empty object with much metadata.
            entry.Flush.MarkChanged();
            manifests.TryTell(entry);
            return true;
        }

        if (entry.UseSpooled(chunk) is not { } spooled)
        {
            return false;
        }

        try
        {
            return await PutChunkAsync(entry, chunk, spooled, cancellationToken);
        }
        finally
        {
            spooled.Release();
        }
    }

    private async Task<bool> PutChunkAsync(SharedEntry entry, int chunk, SpooledChunk spooled, CancellationToken cancellationToken)
    {
        if (entry.IsEvicted)
        {
            entry.EndUpload(chunk);
            return false;
        }

        Guid fill;
        do
        {
            entry.IsStored(chunk, out fill);
            await objects.PutAsync(EntryNames.Chunk(entry.Name, fill, chunk),
                EntryFrames.BodyOf(spooled, fill, chunk, entry.Layout.BytesOf(chunk).Length), [], cancellationToken);
        }
        while (!entry.MarkStored(chunk, fill));

        if (!manifests.TryTell(entry))
        {
            // Its spool space is gone.
            removal.RemoveChunk(entry.Name, fill, chunk);
        }

        return true;
    }

    /// <summary>Uploads a whole entry.</summary>
    /// <returns>True if it was uploaded; false if it was evicted before, or its metadata is too large.</returns>
    private async Task<bool> PutWholeAsync(SharedEntry entry, CancellationToken cancellationToken)
    {
        var spooled = entry.UseSpooled(0);
        try
        {
            using var gate = await gates.TakeAsync(entry.Name, cancellationToken);
            var record = entry.Record;
            // Null headers: the remote has added more metadata than fits.
            var headers = entry.IsEvicted ? null : EntryHeaders.OfWhole(record);
            if (headers is null || !await PutWholeAsync(record, headers, spooled, cancellationToken))
            {
                live.TryWithdraw(entry);
            }

            if (entry.IsEvicted)
            {
                await removal.RemoveEvictedAsync(record, cancellationToken);
                entry.EndUpload(0);
                return headers is not null;
            }

            if (spooled is not null)
            {
                entry.MarkStored(0, record.Fill);
            }

            // From now on one call reads all of it, including changes by other processes. If it was evicted at this moment, it is not found
            // until it is out of the store.
            if (!live.TryForgetKept(entry))
            {
                await removal.RemoveEvictedAsync(record, cancellationToken);
            }

            return true;
        }
        finally
        {
            spooled?.Release();
        }
    }

    /// <summary>Uploads a whole entry to the cache bucket.</summary>
    /// <returns>False if another process evicted it.</returns>
    private async Task<bool> PutWholeAsync(
        EntryRecord record, IReadOnlyList<KeyValuePair<string, string>> headers, SpooledChunk? spooled, CancellationToken cancellationToken)
    {
        await rows.PutAsync(record, cancellationToken);
        var body = spooled is null ? Nothing : EntryFrames.BodyOf(spooled, record.Fill, 0, record.Info.Size);
        await objects.PutAsync(EntryNames.Entry(record.Name), body, headers, cancellationToken);
        return await rows.SettleAsync(record, cancellationToken);
    }
}
