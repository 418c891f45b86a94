using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Removal;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Uploads fills in the background: a row before its entry, chunks before the manifest that names them. An entry that is evicted during the
/// upload is removed again.
/// </summary>
/// <remarks>
/// A chunk goes to the store when it is complete. One of which blocks came waits for more, and then goes with the blocks that the store and
/// the spool have.
/// </remarks>
internal sealed class EntryPublisher
{
    private const int Parallel = 4;

    /// <summary>How often another process may write a chunk between reading and writing.</summary>
    private const int MaxOvertakings = 10;

    private static readonly WireBody Nothing = WireBody.Of(ReadOnlyMemory<byte>.Empty);

    private readonly CacheBucketObjects _objects;
    private readonly LiveEntries _live;
    private readonly BackgroundWork _work;
    private readonly EntryRows _rows;
    private readonly EntryRemoval _removal;
    private readonly ManifestWriter _manifests;
    private readonly ChunkJoin _join;
    private readonly WaitingChunks _waiting;
    private readonly NameLocks<ObjectName> _gates;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _slots = new(Parallel, Parallel);
    private long _uploads;
    private long _uploadedBytes;
    private long _failures;

    /// <summary>Creates it.</summary>
    /// <param name="objects">The store's objects.</param>
    /// <param name="live">What is known of entries.</param>
    /// <param name="work">Runs uploads.</param>
    /// <param name="rows">Keeps rows beside entries.</param>
    /// <param name="removal">Removes what was evicted during its upload.</param>
    /// <param name="manifests">Writes manifests.</param>
    /// <param name="spool">Where chunks wait.</param>
    /// <param name="gates">One writer at a time for each key.</param>
    /// <param name="time">The clock.</param>
    public EntryPublisher(CacheBucketObjects objects, LiveEntries live, BackgroundWork work, EntryRows rows, EntryRemoval removal,
        ManifestWriter manifests, SpoolFolder spool, NameLocks<ObjectName> gates, TimeProvider time, ILogger logger)
    {
        (_objects, _live, _work, _rows, _removal, _manifests) = (objects, live, work, rows, removal, manifests);
        (_join, _gates, _logger) = (new ChunkJoin(objects, time, logger), gates, logger);
        _waiting = new WaitingChunks(work, spool, time, Upload);
    }

    /// <summary>How many uploads succeeded.</summary>
    public long Uploads => Volatile.Read(ref _uploads);

    /// <summary>How many bytes the store has more for them: blocks that were there before do not count again.</summary>
    public long UploadedBytes => Volatile.Read(ref _uploadedBytes);

    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Stores a chunk: at once if it is complete, else after its blocks have waited for more.</summary>
    public void Store(SharedEntry entry, ChunkDue due)
    {
        if (due.Ticket is null)
        {
            Upload(entry, due);
        }
        else
        {
            _waiting.Add(entry, due);
        }
    }

    /// <summary>Uploads a chunk or whole entry if it is spooled and not being uploaded.</summary>
    public void Upload(SharedEntry entry, ChunkDue due)
    {
        // Held before the chunk is marked: an eviction in between leaves the chunk to the upload, which must free it.
        if (!_live.TryKeep(entry))
        {
            _live.GiveUpWaiting(entry);
        }
        else if (entry.Layout.Count == 0 || entry.TryBeginUpload(due))
        {
            _work.Start(cancellationToken => UploadAsync(entry, due.Chunk, cancellationToken));
        }
        else
        {
            _live.EndWork(entry);
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
                if (await (entry.IsManifest ? PutChunkAsync(entry, chunk, cancellationToken)
                    : PutWholeAsync(entry, cancellationToken)) is { } bytes)
                {
                    Interlocked.Increment(ref _uploads);
                    Interlocked.Add(ref _uploadedBytes, bytes);
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
                Log.CacheUploadFailed(_logger, entry.Name.Bucket, failure);
            }
        }
        finally
        {
            _live.EndWork(entry);
        }
    }

    /// <summary>Uploads what there is of a chunk.</summary>
    /// <returns>How many bytes the store has more; null if it needed none, or if the entry was evicted before.</returns>
    private async Task<long?> PutChunkAsync(SharedEntry entry, int chunk, CancellationToken cancellationToken)
    {
        if (entry.Layout.Count == 0)
        {
            // A manifest without chunks: an empty object with much metadata.
            entry.Flush.MarkChanged();
            _manifests.TryTell(entry);
            return 0;
        }

        if (entry.UseSpooled(chunk) is not { } spooled)
        {
            return null;
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

    private async Task<long?> PutChunkAsync(SharedEntry entry, int chunk, SpooledChunk spooled, CancellationToken cancellationToken)
    {
        for (var overtaken = 0; !entry.IsEvicted; overtaken++)
        {
            if (overtaken > MaxOvertakings)
            {
                throw new IOException("Other processes write the chunk all the time.");
            }

            _ = entry.InStore(chunk, out var fill);
            var (bytes, blocks) = await PutBlocksAsync(entry, chunk, fill, spooled, cancellationToken);
            if (blocks is null || !entry.MarkStored(chunk, fill, blocks, out var due))
            {
                continue;
            }

            if (!_manifests.TryTell(entry))
            {
                // Its spool space is gone.
                _removal.RemoveChunk(entry.Name, fill, chunk);
            }

            if (due is { } more)
            {
                Store(entry, more);
            }

            return bytes;
        }

        entry.EndUpload(chunk);
        return null;
    }

    /// <summary>Uploads a chunk whole, or the blocks that the spool and the store have.</summary>
    /// <returns>How many bytes the store has more, and the blocks that it has now; null if another process wrote it first.</returns>
    private async Task<(long? Bytes, ChunkBlocks? Blocks)> PutBlocksAsync(
        SharedEntry entry, int chunk, Guid fill, SpooledChunk spooled, CancellationToken cancellationToken)
    {
        string? etag = null;
        // What could not be read for a moment is not lost: a few blocks must not replace it.
        var isLost = entry.IsLost(chunk);
        var mayBeThere = !spooled.IsWhole && (isLost || entry.InStore(chunk, out _) is not null || !_objects.IsAlone);
        if (mayBeThere)
        {
            try
            {
                (etag, var isWhole) = await _join.JoinAsync(entry, chunk, fill, spooled, isLost, cancellationToken);
                if (isWhole)
                {
                    return (null, ChunkBlocks.Whole(entry.Layout.BytesOf(chunk).Length));
                }
            }
            catch (Exception failure) when (failure is not (OperationCanceledException or CacheFullException) && entry.IsUnreadable(chunk))
            {
                // As if it were not there. Otherwise its blocks would come from the remote for ever.
                mayBeThere = false;
            }
        }

        var blocks = spooled.Blocks() ?? throw new IOException("The blocks of the spool are damaged.");
        var more = blocks.Bytes - (entry.InStore(chunk, out _)?.Bytes ?? 0);
        var (name, body) = (EntryNames.Chunk(entry.Name, fill, chunk), ChunkBody.Of(spooled, fill, chunk, blocks));
        if (blocks.IsWhole || !mayBeThere)
        {
            await _objects.PutAsync(name, body, EntryHeaders.OfChunk(blocks), cancellationToken);
            return (more, blocks);
        }

        return await _objects.TryPutAsync(name, etag, body, EntryHeaders.OfChunk(blocks), cancellationToken) ? (more, blocks) : default;
    }

    /// <summary>Uploads a whole entry.</summary>
    /// <returns>How many bytes were uploaded; null if it was evicted before, or its metadata is too large.</returns>
    private async Task<long?> PutWholeAsync(SharedEntry entry, CancellationToken cancellationToken)
    {
        var spooled = entry.UseSpooled(0);
        try
        {
            using var gate = await _gates.TakeAsync(entry.Name, cancellationToken);
            var record = entry.Record;
            // Null headers: the remote has added more metadata than fits.
            var headers = entry.IsEvicted ? null : EntryHeaders.OfWhole(record);
            if (headers is null || !await PutWholeAsync(record, headers, spooled, cancellationToken))
            {
                _live.TryWithdraw(entry);
            }

            if (entry.IsEvicted)
            {
                await _removal.RemoveEvictedAsync(record, cancellationToken);
                entry.EndUpload(0);
                return headers is null ? null : entry.Layout.Size;
            }

            if (spooled is not null)
            {
                entry.MarkStored(0, record.Fill, ChunkBlocks.Whole(entry.Layout.Size), out _);
            }

            // From now on one call reads all of it, including changes by other processes. If it was evicted at this moment, it is not found
            // until it is out of the store.
            if (!_live.TryForgetKept(entry))
            {
                await _removal.RemoveEvictedAsync(record, cancellationToken);
            }

            return entry.Layout.Size;
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
        await _rows.PutAsync(record, cancellationToken);
        var body = spooled is null ? Nothing : ChunkBody.Of(spooled, record.Fill, 0, ChunkBlocks.Whole(record.Info.Size));
        await _objects.PutAsync(EntryNames.Entry(record.Name), body, headers, cancellationToken);
        return await _rows.SettleAsync(record, cancellationToken);
    }
}
