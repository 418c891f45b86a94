using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>One user's hold on an entry.</summary>
internal sealed class StoredEntry(SharedEntry shared, StoredChunks chunks, EntryPublisher publisher, LiveEntries live, StartedRead? started)
    : ICacheEntry
{
    private StartedRead? _started = started;
    private int _disposed;

    /// <inheritdoc/>
    public EntryIdentity Identity => shared.Record.Identity;

    /// <inheritdoc/>
    public ObjectInfo Info => shared.Record.Info;

    /// <inheritdoc/>
    public DateTimeOffset ValidatedAt => shared.Record.ValidatedAt;

    /// <inheritdoc/>
    public bool IsCurrent => live.IsCurrent(shared);

    /// <summary>
    /// Chunks of an evicted entry stay spooled while they are read, but use at most half of the shared spool: the remote may have the
    /// version only in the response in progress. A whole entry has its space reserved.
    /// </summary>
    public bool MayGrow => live.IsCurrent(shared) || shared.Layout.Count <= 1 || !shared.IsSpoolHalfTaken;

    /// <inheritdoc/>
    public ByteRange? FirstCached(long position) => shared.FirstCached(position);

    /// <summary>Damaged or unreadable bytes count too: else a frozen entry would be replaced.</summary>
    public bool HasBytes => Info.Size == 0 || shared.Flush.Stored is not null || shared.HasLost || FirstCached(0) is not null;

    /// <inheritdoc/>
    public void RetryUndelivered() => shared.RetryUndelivered();

    /// <inheritdoc/>
    public IEntryReader Read(ByteRange range) => new StoredEntryReader(this, shared, chunks, range);

    /// <summary>The read that was started with the lookup, if it fits. The caller disposes it.</summary>
    public StartedRead? TakeStarted(int chunk, long first, long last) =>
        _started is { } begun && begun.Fits(chunk, first, last) && Interlocked.CompareExchange(ref _started, null, begun) == begun
            ? begun : null;

    /// <summary>On the thread pool: a slow disk blocks writers, and the caller may run on a socket's thread.</summary>
    public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        new(Task.Run(() => shared.Write(position, bytes.Span, Publish), cancellationToken));

    /// <summary>Uploads a whole entry now that it was verified. Chunks are on their way already.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (shared.Record.Identity.ChunkSize == 0)
        {
            publisher.Upload(shared, new ChunkDue(0, null));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TryWithdraw() => live.TryWithdrawToEvict(shared);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => LetGoAsync(releases: true);

    /// <summary>Releases the handle. The caller stays a user of the entry.</summary>
    public ValueTask GiveBackAsync() => LetGoAsync(releases: false);

    /// <summary>A chunk that is whole goes to the store, and blocks of one that is not wait.</summary>
    private void Publish(ChunkDue due)
    {
        if (shared.IsManifest && shared.Record.Identity.ChunkSize > 0)
        {
            publisher.Store(shared, due);
        }
    }

    private async ValueTask LetGoAsync(bool releases)
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            if (Interlocked.Exchange(ref _started, null) is { } unused)
            {
                await unused.Reader.DisposeAsync();
            }

            if (releases)
            {
                live.Release(shared);
            }
        }
    }
}

/// <summary>A response with stored bytes of a chunk.</summary>
/// <param name="Last">The last byte of the gapless run in the response; the position is within the chunk.</param>
internal sealed record StartedRead(int Chunk, long Last, FramedReader Reader)
{
    /// <summary>Skipping this many bytes is cheaper than another request.</summary>
    private const long Near = 2 * EntryFrames.BlockSize;

    /// <summary>True if it delivers the given bytes of a chunk, or those up to the end of a run that is in the store.</summary>
    public bool Fits(int chunk, long first, long last) => chunk == Chunk && Reader.Position <= first && first - Reader.Position < Near
        && last <= Last;
}
