using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>One user's hold on a copy.</summary>
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
    /// Chunks of a dropped copy stay in the spool as long as somebody reads any of it, and the spool is for all: half of it is left to
    /// others. Up to there they are kept, since the remote may not have the version any more but in the answer that is under way. One that
    /// is held whole has its room already.
    /// </summary>
    public bool MayGrow => live.IsCurrent(shared) || shared.Layout.Count <= 1 || !shared.IsSpoolHalfTaken;

    /// <inheritdoc/>
    public ByteRange? FirstHeld(long position) => shared.FirstHeld(position);

    /// <inheritdoc/>
    public IEntryReader Read(ByteRange range) => new StoredEntryReader(this, shared, chunks, range);

    /// <summary>The read that was begun while the copy was looked for, where it fits; the taker disposes it.</summary>
    public FramedReader? TakeStarted(int chunk, long first, long last) =>
        _started is { } begun && begun.Fits(chunk, first, last) && Interlocked.CompareExchange(ref _started, null, begun) == begun
            ? begun.Reader : null;

    /// <summary>On the pool: a disk that falls behind makes writers wait, and the caller may be a socket's thread.</summary>
    public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        new(Task.Run(() => shared.Write(position, bytes.Span, Publish), cancellationToken));

    /// <summary>
    /// A copy held whole is put into the store now that all of it was found right; chunks are on their way there already.
    /// </summary>
    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (shared.Record.Identity.ChunkSize == 0)
        {
            publisher.Upload(shared, 0);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TryWithdraw() => live.TryWithdraw(shared);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => LetGoAsync(releases: true);

    /// <summary>Ends the hold, and leaves its caller the user of the copy that he was before.</summary>
    public ValueTask GiveBackAsync() => LetGoAsync(releases: false);

    /// <summary>A chunk that is whole goes to the store.</summary>
    private void Publish(int chunk)
    {
        if (shared.IsManifest && shared.Record.Identity.ChunkSize > 0)
        {
            publisher.Upload(shared, chunk);
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
