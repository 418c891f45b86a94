using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace S3Overlay.Proxy.Telemetry.Tails;

/// <summary>One watcher's queue of answered requests.</summary>
public sealed class TailReader : IDisposable
{
    private readonly Channel<TailItem> _queue;
    private readonly Func<AnsweredRequest, bool> _wants;
    private readonly Action<TailReader> _leave;
    private long _lost;

    internal TailReader(Func<AnsweredRequest, bool> wants, int capacity, Action<TailReader> leave)
    {
        (_wants, _leave) = (wants, leave);
        _queue = Channel.CreateBounded<TailItem>(new BoundedChannelOptions(capacity) { SingleReader = true });
    }

    /// <summary>The requests as they are answered, until the proxy stops. Where some were lost, an item says how many.</summary>
    public IAsyncEnumerable<TailItem> ReadAsync(CancellationToken cancellationToken) =>
        ReadAsync(TimeSpan.Zero, TimeProvider.System, cancellationToken);

    /// <summary>
    /// The same, no more often than once in a pause: what the queue has no room for in the meantime is lost, so that a busy proxy spends
    /// little on a reader who needs no more.
    /// </summary>
    public async IAsyncEnumerable<TailItem> ReadAsync(
        TimeSpan pause, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isOpen = true;
        while (isOpen)
        {
            while (_queue.Reader.TryRead(out var item))
            {
                yield return item;
            }

            if (Interlocked.Exchange(ref _lost, 0) is > 0 and var lost)
            {
                yield return new TailItem(null, lost);
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(pause, time, cancellationToken), _queue.Reader.Completion);
            }

            isOpen = await _queue.Reader.WaitToReadAsync(cancellationToken);
        }

        if (Interlocked.Exchange(ref _lost, 0) is > 0 and var last)
        {
            yield return new TailItem(null, last);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _leave(this);

    internal void Offer(AnsweredRequest request)
    {
        if (!_wants(request))
        {
            return;
        }

        var lost = Interlocked.Exchange(ref _lost, 0);
        if (!_queue.Writer.TryWrite(new TailItem(request, lost)))
        {
            Interlocked.Add(ref _lost, lost + 1);
        }
    }

    internal void End() => _queue.Writer.TryComplete();
}

/// <summary>A request, or a gap.</summary>
/// <param name="Request">The request; null if there is only a gap.</param>
/// <param name="Lost">How many requests before it were lost because the reader was too slow.</param>
public readonly record struct TailItem(AnsweredRequest? Request, long Lost);
