using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Chunks of which blocks wait in the spool: each rewrite moves all blocks of a chunk, so several ranges should share it. They leave after
/// half a minute, at shutdown, or soon when more than half of the spool is taken.
/// </summary>
internal sealed class WaitingChunks
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);

    /// <summary>Where the spool runs out. At once would be too early: most chunks are about to become whole then.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Queue<(SharedEntry Entry, ChunkDue Due, long Since)> _queue = [];
    private readonly BackgroundWork _work;
    private readonly SpoolFolder _spool;
    private readonly TimeProvider _time;
    private readonly Action<SharedEntry, ChunkDue> _upload;
    private CancellationTokenSource? _rest;
    private bool _isRunning;

    /// <summary>Creates it.</summary>
    /// <param name="work">Waits.</param>
    /// <param name="spool">Where the blocks are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="upload">Begins to upload a chunk, unless its ticket is out of date.</param>
    public WaitingChunks(BackgroundWork work, SpoolFolder spool, TimeProvider time, Action<SharedEntry, ChunkDue> upload)
    {
        (_work, _spool, _time, _upload) = (work, spool, time, upload);
        spool.HalfTaken = Hurry;
    }

    /// <summary>Adds a chunk.</summary>
    public void Add(SharedEntry entry, ChunkDue due)
    {
        lock (_lock)
        {
            _queue.Enqueue((entry, due, _time.GetTimestamp()));
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        _work.Start(_ => RunAsync());
    }

    /// <summary>Wakes the usual wait: the short one is enough.</summary>
    private void Hurry()
    {
        lock (_lock)
        {
            // Not on this thread: it may hold the lock of an entry.
            _ = _rest?.CancelAsync();
            _rest = null;
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            TimeSpan wait;
            var rest = CancellationToken.None;
            (SharedEntry Entry, ChunkDue Due, long Since) next;
            lock (_lock)
            {
                if (!_queue.TryPeek(out next))
                {
                    _isRunning = false;
                    return;
                }

                var isShort = _spool.IsHalfTaken;
                wait = _work.IsClosing ? TimeSpan.Zero : (isShort ? Short : Usual) - _time.GetElapsedTime(next.Since);
                if (wait <= TimeSpan.Zero)
                {
                    _queue.Dequeue();
                }
                else if (!isShort)
                {
                    _rest ??= new CancellationTokenSource();
                    rest = _rest.Token;
                }
            }

            if (wait <= TimeSpan.Zero)
            {
                _upload(next.Entry, next.Due);
            }
            else
            {
                await _work.RestUntilAsync(wait, _time, rest);
            }
        }
    }
}
