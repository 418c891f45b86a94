using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Active entries and pending fills, in one table under one lock: each file has one active entry, and no byte is requested or stored twice.
/// </summary>
internal sealed class InFlightTable
{
    private readonly ConcurrentDictionary<ObjectName, ActiveEntry> _inUse = new();
    private readonly Dictionary<ObjectName, PendingFill> _pending = [];
    private readonly Lock _lock = new();

    /// <summary>Counts completed pending fills per key.</summary>
    private readonly KeyGenerations _completed = new();

    /// <summary>The number of active entries.</summary>
    public int InUse => _inUse.Count;

    public ActiveEntry? Find(ObjectName name) => _inUse.GetValueOrDefault(name);

    /// <summary>How many reads wait for the remote's first response about an object.</summary>
    public int WaitingFor(ObjectName name)
    {
        lock (_lock)
        {
            return _pending.GetValueOrDefault(name)?.Waiting ?? 0;
        }
    }

    /// <summary>
    /// Grows when a pending fill of the key completes. Note it before a lookup, and pass it to <see cref="Fills.OpenAsync"/>.
    /// </summary>
    public long Completions(ObjectName name) => _completed.Of(name.Bucket, name.Key);

    /// <summary>Makes <paramref name="found"/> the active entry, or joins the existing one. The caller is a reader of the result.</summary>
    /// <param name="found">The entry from the lookup.</param>
    /// <param name="pending">If the result is null: the pending fill the caller now waits for.</param>
    /// <returns>Null while the object is being opened.</returns>
    public ActiveEntry? JoinOrPut(ActiveEntry found, out PendingFill? pending)
    {
        lock (_lock)
        {
            // A lookup can find the entry before its pending fill completes.
            if (_pending.TryGetValue(found.Name, out pending) && pending.TryJoin())
            {
                return null;
            }

            pending = null;
            var current = _inUse.GetValueOrDefault(found.Name);

            // Another process may have replaced the file, even by the same version: filling the old one would be wasted.
            if (current is not null && current.Entry.Info.ETag == found.Entry.Info.ETag && current.Entry.IsCurrent && current.TryEnter())
            {
                return current;
            }

            found.Enter(1);
            if (!found.Entry.IsCurrent)
            {
                // Evicted since the lookup. Another entry may still fill the file, and a file has only one writer: do not store.
                found.Detach();
                return found;
            }

            _inUse[found.Name] = found;
            current?.Retire();
            return found;
        }
    }

    /// <summary>Joins the active entry or pending fill of an object, or creates a pending fill that the caller runs.</summary>
    /// <param name="name">The object.</param>
    /// <param name="outdated">The ETag of a version not to join; null for none.</param>
    /// <param name="begin">Creates the pending fill.</param>
    /// <returns>The entry, with the caller as a reader, or the pending fill to wait for.</returns>
    public (ActiveEntry? InUse, PendingFill? Pending, bool IsStarter) JoinOrBegin(
        ObjectName name, string? outdated, Func<PendingFill> begin)
    {
        lock (_lock)
        {
            if (_inUse.TryGetValue(name, out var current) && current.Entry.Info.ETag != outdated && current.TryEnter())
            {
                return (current, null, false);
            }

            if (_pending.TryGetValue(name, out var pending) && pending.TryJoin())
            {
                return (null, pending, false);
            }

            return (null, _pending[name] = begin(), true);
        }
    }

    /// <summary>Completes a pending fill with an entry. The waiting reads become its readers.</summary>
    /// <param name="pending">The pending fill.</param>
    /// <param name="active">The entry.</param>
    /// <param name="isCurrent">True if later reads may join: the key has not changed.</param>
    public void Opened(PendingFill pending, ActiveEntry active, bool isCurrent)
    {
        lock (_lock)
        {
            Forget(active.Name, pending);
            if (isCurrent)
            {
                _inUse[active.Name] = active;
            }

            _completed.Advance(active.Name.Bucket, active.Name.Key);
            pending.Open(active);
        }
    }

    /// <summary>Removes a pending fill that ends without an entry. The next read starts another.</summary>
    public void Forget(ObjectName name, PendingFill pending)
    {
        lock (_lock)
        {
            if (_pending.TryGetValue(name, out var current) && current == pending)
            {
                _pending.Remove(name);
            }
        }
    }

    public void Remove(ActiveEntry active) => _inUse.TryRemove(KeyValuePair.Create(active.Name, active));

    /// <summary>
    /// The first request of a miss, shared by all reads that arrive while it runs (rule C1). Not cancelled with the first caller: others
    /// may be waiting.
    /// </summary>
    internal sealed class PendingFill(FillTrace trace, FillSubscription starter)
    {
        private readonly Lock _lock = new();
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _cancel = new();
        private int _waiting = 1;
        private bool _isStarterGone;
        private ActiveEntry? _active;
        private RemoteObject? _uncached;

        /// <summary>Cancelled when the last waiting read left and fills do not finish on their own.</summary>
        public CancellationToken Cancellation => _cancel.Token;

        public FillTrace Trace => trace;

        public FillSubscription Starter => starter;

        /// <summary>True if no request was needed: another pending fill had just completed. Set before this one completes.</summary>
        public bool FoundFilled { get; set; }

        /// <summary>Why the remote did not deliver the object. Valid once completed; null otherwise.</summary>
        public RemoteException? Failure { get; private set; }

        /// <summary>The number of waiting reads.</summary>
        public int Waiting
        {
            get
            {
                lock (_lock)
                {
                    return _waiting;
                }
            }
        }

        /// <summary>Adds a waiting read. False if already completed.</summary>
        public bool TryJoin()
        {
            lock (_lock)
            {
                if (_done.Task.IsCompleted)
                {
                    return false;
                }

                _waiting++;
                return true;
            }
        }

        /// <summary>
        /// Waits for the entry; the caller is then one of its readers. Null after a <see cref="Failure"/>, and if the object cannot be
        /// cached: the starter gets the response from <see cref="TakeUncached"/>, the others ask the remote themselves.
        /// </summary>
        public async Task<ActiveEntry?> WaitAsync(bool isStarter, bool abortsWhenLeft, CancellationToken cancellationToken)
        {
            try
            {
                await _done.Task.WaitAsync(cancellationToken);
                return _active;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await LeaveAsync(isStarter, abortsWhenLeft);
                throw;
            }
        }

        /// <summary>The remote's response. The caller disposes it.</summary>
        public RemoteObject? TakeUncached() => Interlocked.Exchange(ref _uncached, null);

        /// <summary>Completes with an entry.</summary>
        public void Open(ActiveEntry active)
        {
            lock (_lock)
            {
                _active = active;
                active.Enter(_waiting);
                _done.SetResult();
            }
        }

        /// <summary>Completes with a response that cannot be cached.</summary>
        public async ValueTask PassOnAsync(RemoteObject uncached)
        {
            bool isGone;
            lock (_lock)
            {
                isGone = _isStarterGone;
                _uncached = uncached;
                _done.SetResult();
            }

            if (isGone && TakeUncached() is { } left)
            {
                await left.DisposeAsync();
            }
        }

        /// <summary>Completes with a failure.</summary>
        public void Fail(Exception failure)
        {
            lock (_lock)
            {
                if (failure is RemoteException refused)
                {
                    Failure = refused;
                    _done.SetResult();
                    return;
                }

                _done.SetException(failure);
                _ = _done.Task.Exception;
            }
        }

        private async ValueTask LeaveAsync(bool isStarter, bool abortsWhenLeft)
        {
            ActiveEntry? active;
            var isLast = false;
            lock (_lock)
            {
                active = _active;
                _isStarterGone |= isStarter;
                if (!_done.Task.IsCompleted)
                {
                    isLast = --_waiting == 0;
                }
            }

            if (active is not null)
            {
                await active.LeaveAsync();
            }
            else if (isLast && abortsWhenLeft)
            {
                await _cancel.CancelAsync();
            }

            if (isStarter && _done.Task.IsCompleted && TakeUncached() is { } left)
            {
                await left.DisposeAsync();
            }
        }
    }
}
