namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Reader-writer locks by name. A lock exists only while it is held or waited for. Fair: first come, first served, so that exclusive
/// waiters never starve.
/// </summary>
public sealed class NameLocks<TName>
    where TName : notnull
{
    private readonly Dictionary<TName, State> _states = [];

    /// <summary>The number of locked names.</summary>
    public int Count
    {
        get
        {
            lock (_states)
            {
                return _states.Count;
            }
        }
    }

    /// <summary>The number of waiters, for all names.</summary>
    public int Waiting
    {
        get
        {
            lock (_states)
            {
                return _states.Values.Sum(state => state.Waiting.Count);
            }
        }
    }

    /// <summary>Acquires the name for shared use.</summary>
    public ValueTask<Held> ShareAsync(TName name, CancellationToken cancellationToken) =>
        EnterAsync(name, isAlone: false, cancellationToken);

    /// <summary>Acquires the name exclusively.</summary>
    public ValueTask<Held> TakeAsync(TName name, CancellationToken cancellationToken) => EnterAsync(name, isAlone: true, cancellationToken);

    /// <summary>Acquires the name exclusively if it is free and has no waiters; else null.</summary>
    public Held? TryTake(TName name)
    {
        lock (_states)
        {
            if (_states.ContainsKey(name))
            {
                return null;
            }

            var state = new State();
            state.TryEnter(isAlone: true);
            _states.Add(name, state);
            return new Held(this, name, isAlone: true);
        }
    }

    private ValueTask<Held> EnterAsync(TName name, bool isAlone, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_states)
        {
            if (!_states.TryGetValue(name, out var state))
            {
                _states.Add(name, state = new State());
            }

            if (state.Waiting.Count == 0 && state.TryEnter(isAlone))
            {
                return new(new Held(this, name, isAlone));
            }

            var waiter = new Waiter(isAlone);
            state.Waiting.AddLast(waiter);
            return WaitAsync(name, state, waiter, cancellationToken);
        }
    }

    private async ValueTask<Held> WaitAsync(TName name, State state, Waiter waiter, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(
            _ =>
            {
                lock (_states)
                {
                    if (state.Waiting.Remove(waiter))
                    {
                        waiter.Turn.TrySetCanceled(cancellationToken);
                        Wake(name, state);
                    }
                }
            },
            null);
        await waiter.Turn.Task;
        return new Held(this, name, waiter.IsAlone);
    }

    private void Leave(TName name, bool isAlone)
    {
        lock (_states)
        {
            var state = _states[name];
            state.Leave(isAlone);
            Wake(name, state);
        }
    }

    /// <summary>Wakes the next waiters. The caller holds the lock; waiters continue elsewhere.</summary>
    private void Wake(TName name, State state)
    {
        while (state.Waiting.First is { } first && state.TryEnter(first.Value.IsAlone))
        {
            state.Waiting.RemoveFirst();
            first.Value.Turn.TrySetResult();
        }

        if (state.IsFree && state.Waiting.Count == 0)
        {
            _states.Remove(name);
        }
    }

    /// <summary>An acquired lock. Dispose it to release.</summary>
    public sealed class Held(NameLocks<TName> owner, TName name, bool isAlone) : IDisposable
    {
        private int _left;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                owner.Leave(name, isAlone);
            }
        }
    }

    private sealed class Waiter(bool isAlone)
    {
        public bool IsAlone { get; } = isAlone;

        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class State
    {
        /// <summary>The number of shared holders; -1 while the lock is held exclusively.</summary>
        private int _holders;

        public LinkedList<Waiter> Waiting { get; } = new();

        public bool IsFree => _holders == 0;

        public bool TryEnter(bool isAlone)
        {
            if (_holders < 0 || (isAlone && _holders > 0))
            {
                return false;
            }

            _holders += isAlone ? -1 : 1;

            return true;
        }

        public void Leave(bool isAlone) => _holders -= isAlone ? -1 : 1;
    }
}
