using System.Threading.Channels;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Telemetry.AccessLogs;

namespace S3Overlay.Proxy.Embedded.Logging;

/// <summary>
/// Collects the records of buckets that log their requests, and writes them as objects: when a bucket has been quiet for a fifth of the
/// interval, when a record has waited for all of it, when many have come together, and at shutdown. Records wait in memory, so a kill
/// loses them; a log object is whole or absent.
/// </summary>
/// <remarks>
/// <code>
///   request ends -> queue (8 MiB) -> collect: a line per record -> batches (16 MiB), one per bucket -> write, one by one
///                   full: dropped                                   full, or 4 MiB of its bucket:     refused, disk full: dropped
///                                                                   dropped
/// </code>
/// </remarks>
internal sealed class BucketLogs : IBucketLogs, IAsyncDisposable
{
    /// <summary>Bytes of entries that may wait to be collected.</summary>
    private const long MostQueued = 8 << 20;

    private const string TooMany = "They come faster than they can be written";

    /// <summary>A batch of this size is written before its time.</summary>
    private const int FullBatch = 1 << 20;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly EmbeddedStore _store;
    private readonly LogWriter _writer;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _quiet;
    private readonly Channel<(BucketLogEntry Entry, int Weight)> _queue =
        Channel.CreateUnbounded<(BucketLogEntry, int)>(new() { SingleReader = true });

    /// <summary>Wakes the writing. One signal is enough: it looks at all batches.</summary>
    private readonly Channel<bool> _signals =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<string, LogBatch> _batches = new(StringComparer.Ordinal);
    private readonly Queue<LogBatch> _full = new();
    private readonly LogShares _shares;
    private readonly ITimer _timer;
    private readonly Task _collecting;
    private readonly Task _writing;
    private long _queued;
    private bool _isTimed;

    /// <summary>Starts it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="writer">Writes the objects.</param>
    /// <param name="interval">How long a record waits for others at most.</param>
    public BucketLogs(EmbeddedStore store, LogWriter writer, TimeSpan interval)
    {
        (_store, _writer, _interval, _quiet, _shares) = (store, writer, interval, interval / 5, new LogShares());
        _timer = store.Time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _collecting = Task.Run(CollectAsync);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>The number of records that were lost.</summary>
    public long Lost => _writer.Lost;

    /// <inheritdoc/>
    public bool Wants(string bucket) => _store.Buckets.Find(bucket) is { Logging: not null };

    /// <inheritdoc/>
    public void Add(BucketLogEntry entry)
    {
        var weight = entry.Weight;
        if (Interlocked.Add(ref _queued, weight) > MostQueued || !_queue.Writer.TryWrite((entry, weight)))
        {
            Interlocked.Add(ref _queued, -weight);
            Lose(entry, TooMany);
        }
    }

    /// <summary>Writes what was collected, for at most five seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        _ending.CancelAfter(CloseLimit);
        await _collecting;
        await _timer.DisposeAsync();
        _signals.Writer.TryComplete();
        await _writing;
        foreach (var batch in Take(all: true))
        {
            await WriteAsync(batch);
        }

        _ending.Dispose();
    }

    private async Task CollectAsync()
    {
        await foreach (var (entry, weight) in _queue.Reader.ReadAllAsync())
        {
            Interlocked.Add(ref _queued, -weight);
            try
            {
                if (_store.Buckets.Find(entry.Bucket) is { Logging: not null } bucket)
                {
                    foreach (var line in AccessLogLines.OfBucket(entry, _store.OwnerOf(entry.Bucket).Id))
                    {
                        Collect(bucket, entry.Request.Time.UtcDateTime.Date, line);
                    }
                }
            }
            catch (Exception failure)
            {
                // The next request can be logged all the same.
                Lose(entry, failure.Message);
            }
        }
    }

    private void Lose(BucketLogEntry entry, string problem) =>
        _writer.Lose(entry.Bucket, 1 + (entry.Deleted?.Count ?? 0), problem);

    private void Collect(BucketRecord bucket, DateTime day, string line)
    {
        lock (_lock)
        {
            if (!_shares.HasRoom(bucket.Name, line.Length))
            {
                _writer.Lose(bucket.Name, 1, TooMany);
                return;
            }

            var now = _store.Time.GetTimestamp();
            var batch = _batches.GetValueOrDefault(LogBatch.NameOf(bucket.Name, bucket.Logging!, day));
            if (batch is not null && !batch.IsOf(bucket))
            {
                SetAside(batch);
                batch = null;
            }

            if (batch is null)
            {
                batch = new LogBatch(bucket, _store.LogTargets.AccountOf(bucket.Name), now, day);
                _batches[batch.Name] = batch;
            }

            var length = batch.Length;
            batch.Add(line, now);
            _shares.Add(bucket.Name, batch.Length - length);
            if (batch.Length >= FullBatch)
            {
                SetAside(batch);
            }
            else if (!_isTimed)
            {
                _isTimed = true;
                _timer.Change(_quiet, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Has a batch written now.</summary>
    private void SetAside(LogBatch batch)
    {
        _batches.Remove(batch.Name);
        _full.Enqueue(batch);
        _signals.Writer.TryWrite(true);
    }

    private void Tick()
    {
        lock (_lock)
        {
            _isTimed = false;
        }

        _signals.Writer.TryWrite(true);
    }

    private async Task WriteAsync()
    {
        await foreach (var _ in _signals.Reader.ReadAllAsync())
        {
            foreach (var batch in Take(all: false))
            {
                await WriteAsync(batch);
            }
        }
    }

    private async Task WriteAsync(LogBatch batch)
    {
        try
        {
            await _writer.WriteAsync(batch, _ending.Token);
        }
        finally
        {
            lock (_lock)
            {
                _shares.Remove(batch);
            }
        }
    }

    /// <summary>Takes the batches to be written now, and sets the timer for the others.</summary>
    private List<LogBatch> Take(bool all)
    {
        lock (_lock)
        {
            var due = _full.ToList();
            _full.Clear();
            TimeSpan? next = null;
            foreach (var batch in _batches.Values.ToList())
            {
                var left = _interval - _store.Time.GetElapsedTime(batch.Opened);
                var quiet = _quiet - _store.Time.GetElapsedTime(batch.Last);
                var wait = quiet < left ? quiet : left;
                if (all || wait <= TimeSpan.Zero)
                {
                    _batches.Remove(batch.Name);
                    due.Add(batch);
                }
                else if (!(wait >= next))
                {
                    next = wait;
                }
            }

            if (!_isTimed && next is { } pause)
            {
                _isTimed = true;
                _timer.Change(pause, Timeout.InfiniteTimeSpan);
            }

            return due;
        }
    }
}
