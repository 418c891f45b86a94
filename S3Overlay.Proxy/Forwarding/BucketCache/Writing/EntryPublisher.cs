using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Puts what fills brought into the store, in the background. A row comes before the copy it lists, chunks before the manifest that names
/// them; a copy that is dropped meanwhile is taken out again.
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

    /// <summary>How many came to their end.</summary>
    public long Uploads => Volatile.Read(ref _uploads);

    /// <summary>How many bytes of copies they were.</summary>
    public long UploadedBytes => Volatile.Read(ref _uploadedBytes);

    /// <summary>How many uploads failed.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>
    /// Puts a chunk, or a copy held whole, into the store where all of its bytes are in the spool. Nothing happens where it is on its way
    /// already.
    /// </summary>
    public void Upload(SharedEntry copy, int chunk)
    {
        var isEmpty = copy.Layout.Count == 0;
        if (!live.TryKeep(copy) || !(isEmpty || copy.TryBeginUpload(chunk)))
        {
            return;
        }

        if (live.TryHold(copy))
        {
            work.Start(cancellationToken => UploadAsync(copy, chunk, cancellationToken));
        }
        else
        {
            copy.EndUpload(chunk);
        }
    }

    private async Task UploadAsync(SharedEntry copy, int chunk, CancellationToken cancellationToken)
    {
        try
        {
            await _slots.WaitAsync(cancellationToken);
            using var span = Tracing.Start(SpanNames.CopyUpload)?.SetTag(SpanAttributes.Chunk, chunk);
            try
            {
                if (await (copy.IsManifest ? PutChunkAsync(copy, chunk, cancellationToken) : PutWholeAsync(copy, cancellationToken)))
                {
                    Interlocked.Increment(ref _uploads);
                    Interlocked.Add(ref _uploadedBytes, copy.Layout.Count == 0 ? 0 : copy.Layout.BytesOf(chunk).Length);
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
            if (copy.UploadFailed(chunk))
            {
                Log.HeldUploadFailed(logger, copy.Name.Bucket, failure);
            }
        }
        finally
        {
            live.LetGo(copy);
        }
    }

    /// <summary>Puts a chunk that is whole.</summary>
    /// <returns>Whether it was put: not where the copy was dropped before.</returns>
    private async Task<bool> PutChunkAsync(SharedEntry copy, int chunk, CancellationToken cancellationToken)
    {
        if (copy.Layout.Count == 0)
        {
            // A manifest of no chunks: the copy of an empty object with much to say of it.
            copy.Flush.MarkChanged();
            manifests.TryTell(copy);
            return true;
        }

        if (copy.UseSpooled(chunk) is not { } spooled)
        {
            return false;
        }

        try
        {
            return await PutChunkAsync(copy, chunk, spooled, cancellationToken);
        }
        finally
        {
            spooled.Release();
        }
    }

    private async Task<bool> PutChunkAsync(SharedEntry copy, int chunk, SpooledChunk spooled, CancellationToken cancellationToken)
    {
        if (copy.IsDropped)
        {
            copy.EndUpload(chunk);
            return false;
        }

        Guid fill;
        do
        {
            copy.IsStored(chunk, out fill);
            await objects.PutAsync(EntryNames.Chunk(copy.Name, fill, chunk),
                FramedBody.Of(spooled, fill, chunk, copy.Layout.BytesOf(chunk).Length), [], cancellationToken);
        }
        while (!copy.MarkStored(chunk, fill));

        if (!manifests.TryTell(copy))
        {
            // Those who read it find it in the spool no more.
            removal.RemoveChunk(copy.Name, fill, chunk);
        }

        return true;
    }

    /// <summary>Puts a copy held whole.</summary>
    /// <returns>Whether it was put: not where it was dropped before, or there is no room for what is known of it.</returns>
    private async Task<bool> PutWholeAsync(SharedEntry copy, CancellationToken cancellationToken)
    {
        var spooled = copy.UseSpooled(0);
        try
        {
            using var gate = await gates.TakeAsync(copy.Name, cancellationToken);
            var record = copy.Record;
            // Without headers there is more metadata than room for it, since the remote has given it more.
            var headers = copy.IsDropped ? null : EntryHeaders.OfWhole(record);
            if (headers is null || !await PutWholeAsync(record, headers, spooled, cancellationToken))
            {
                live.TryWithdraw(copy);
            }

            if (copy.IsDropped)
            {
                await removal.RemoveDroppedAsync(record, cancellationToken);
                copy.EndUpload(0);
                return headers is not null;
            }

            if (spooled is not null)
            {
                copy.MarkStored(0, record.Fill);
            }

            // One call tells all of it from now on, and what other processes do to it. Where it was dropped in this very moment, it is
            // found by nobody until it is out of the store.
            if (!live.TryForgetKept(copy))
            {
                await removal.RemoveDroppedAsync(record, cancellationToken);
            }

            return true;
        }
        finally
        {
            spooled?.Release();
        }
    }

    /// <summary>Puts a copy held whole into the cache bucket.</summary>
    /// <returns>False where somebody else dropped it meanwhile.</returns>
    private async Task<bool> PutWholeAsync(
        EntryRecord record, IReadOnlyList<KeyValuePair<string, string>> headers, SpooledChunk? spooled, CancellationToken cancellationToken)
    {
        await rows.PutAsync(record, cancellationToken);
        var body = spooled is null ? Nothing : FramedBody.Of(spooled, record.Fill, 0, record.Info.Size);
        await objects.PutAsync(EntryNames.Copy(record.Name), body, headers, cancellationToken);
        return await rows.SettleAsync(record, cancellationToken);
    }
}
