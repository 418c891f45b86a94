using System.Collections.Concurrent;
using System.Xml;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Into which buckets copies may be put among written objects: not where each write is kept as a version or may not be deleted, nor where
/// the store's ETag is not that of the bytes; and not into one that is being deleted, or was.
/// </summary>
internal sealed class PlacingBuckets(LocalStore store, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _closed = [];
    private readonly Dictionary<string, int> _paused = [];
    private readonly Dictionary<string, int> _placing = [];
    private readonly Dictionary<string, TaskCompletionSource> _emptied = [];
    private readonly CoalescingCache<bool> _fit = new(TimeSpan.FromSeconds(60), store.Time);
    private readonly ConcurrentDictionary<string, bool> _told = new();

    /// <summary>Begins to put a copy into a bucket; false where that is closed, for now or for good. Whoever gets true leaves.</summary>
    public bool TryEnter(string bucket)
    {
        lock (_lock)
        {
            if (_closed.Contains(bucket) || _paused.ContainsKey(bucket))
            {
                return false;
            }

            _placing[bucket] = _placing.GetValueOrDefault(bucket) + 1;
            return true;
        }
    }

    /// <summary>The copy is put.</summary>
    public void Leave(string bucket)
    {
        lock (_lock)
        {
            if (--_placing[bucket] == 0)
            {
                _placing.Remove(bucket);
                if (_emptied.Remove(bucket, out var emptied))
                {
                    emptied.TrySetResult();
                }
            }
        }
    }

    /// <summary>Lets no copy into a bucket from now on; returns once none is on its way any more.</summary>
    public Task CloseAsync(string bucket, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _closed.Add(bucket);
            return EmptiedAsync(bucket, cancellationToken);
        }
    }

    /// <summary>
    /// Lets no copy into a bucket while its configuration changes, which ends with the disposal of the result: what is known of it is
    /// forgotten then. Returns once none is on its way any more, or after a while: what is put all the same its publisher looks at.
    /// </summary>
    public async ValueTask<IDisposable> PauseAsync(string bucket, TimeSpan longest, CancellationToken cancellationToken)
    {
        Task emptied;
        lock (_lock)
        {
            _paused[bucket] = _paused.GetValueOrDefault(bucket) + 1;
            emptied = EmptiedAsync(bucket, CancellationToken.None);
        }

        var pause = new Pause(this, bucket);
        try
        {
            await emptied.WaitAsync(longest, store.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // A large copy, or a store that does not answer: a client's request is not to fail for it.
        }
        catch
        {
            pause.Dispose();
            throw;
        }

        return pause;
    }

    /// <summary>Lets copies in again.</summary>
    public void Open(string bucket)
    {
        lock (_lock)
        {
            _closed.Remove(bucket);
        }
    }

    /// <summary>Whether copies may be among a bucket's objects. May be a minute old.</summary>
    /// <exception cref="S3Exception">It cannot be known.</exception>
    public ValueTask<bool> IsFitAsync(string bucket, CancellationToken cancellationToken) =>
        _fit.FindAsync(bucket, this, static (name, buckets) => buckets.AskAsync(name, CancellationToken.None), cancellationToken);

    /// <summary>
    /// Whether what is in a bucket may be of several versions, one of which may be a copy that was put before. The store is asked, and
    /// nothing but that: other proxies configure buckets as well.
    /// </summary>
    /// <exception cref="S3Exception">It cannot be known.</exception>
    public async ValueTask<bool> HasVersionsAsync(string bucket, CancellationToken cancellationToken)
    {
        var has = await HasAsync(bucket, "versioning", "Status", static _ => true, cancellationToken);
        if (has)
        {
            _fit.Forget(bucket);
        }

        return has;
    }

    private async Task<bool> AskAsync(string bucket, CancellationToken cancellationToken)
    {
        var why = await HasAsync(bucket, "versioning", "Status", static _ => true, cancellationToken) ? "it has, or had, versions"
            : await HasAsync(bucket, "object-lock", "ObjectLockEnabled", static _ => true, cancellationToken) ? "its objects can be locked"
            : await HasAsync(bucket, "encryption", "SSEAlgorithm", static algorithm => algorithm != "AES256", cancellationToken)
                ? "its encryption makes other ETags"
            : null;
        if (why is not null)
        {
            Tell(bucket, why);
        }

        return why is null;
    }

    /// <summary>A store's ETag was not that of the bytes after all.</summary>
    public void Refuse(string bucket, string why)
    {
        Tell(bucket, why);
        lock (_lock)
        {
            _closed.Add(bucket);
        }
    }

    /// <summary>Finishes once no copy is on its way into a bucket. Called with the lock held.</summary>
    private Task EmptiedAsync(string bucket, CancellationToken cancellationToken)
    {
        if (!_placing.ContainsKey(bucket))
        {
            return Task.CompletedTask;
        }

        if (!_emptied.TryGetValue(bucket, out var emptied))
        {
            _emptied.Add(bucket, emptied = new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return emptied.Task.WaitAsync(cancellationToken);
    }

    private void Resume(string bucket)
    {
        // Before any copy is let in again: its publisher is to ask.
        _fit.Forget(bucket);
        lock (_lock)
        {
            if (--_paused[bucket] == 0)
            {
                _paused.Remove(bucket);
            }
        }
    }

    /// <summary>Says once of each bucket why its copies are not in it.</summary>
    private void Tell(string bucket, string why)
    {
        if (_told.TryAdd(bucket, true))
        {
            Log.CopiesPlacedElsewhere(logger, bucket, why);
        }
    }

    /// <summary>Whether a bucket's configuration has a value. A store that does not know the question has no such thing.</summary>
    private async Task<bool> HasAsync(string bucket, string configuration, string element, Func<string, bool> counts,
        CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await store.Calls.SendAsync(new WireRequest("GET", bucket, "", configuration + "=", []), cancellationToken);
            if (answer.Status == 200)
            {
                var document = await store.Calls.ReadAsync(answer, 64 << 10, cancellationToken);
                return S3XmlReader.Parse(document).Descendants().Any(e => e.Name.LocalName == element && e.Value.Length > 0
                    && counts(e.Value));
            }

            return answer.Status is 400 or 404 or 405 ? false : throw await StoreCalls.RefusedAsync(answer, cancellationToken);
        }
        catch (XmlException odd)
        {
            // A gateway's page in place of the store's answer.
            throw S3Exception
                .ForNow(S3Errors.ServiceUnavailable, 2, "The local store's answer to a question about the bucket is no document.", odd);
        }
        catch (S3Exception unknown) when (unknown.InnerException is RemoteException { Status: 501 })
        {
            return false;
        }
    }

    private sealed class Pause(PlacingBuckets buckets, string bucket) : IDisposable
    {
        public void Dispose() => buckets.Resume(bucket);
    }
}
