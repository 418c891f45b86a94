using System.Diagnostics;

namespace S3Overlay.Tests.Support;

/// <summary>A clock that moves only on demand. Its timers fire while it moves.</summary>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    /// <summary>
    /// The longest pause between two attempts. Longer timers are time limits on work, which a busy machine must not reach.
    /// </summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start ?? new(2026, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private TimeSpan _behind;

    /// <summary>Completed by the next timer that is set.</summary>
    private TaskCompletionSource _timerSet = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now - _behind;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _now.UtcTicks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until a timer is running that is due within the given time.</summary>
    public async Task WaitForTimerAsync(TimeSpan? within = null)
    {
        while (true)
        {
            Task set;
            lock (_lock)
            {
                if (_timers.Exists(timer => within is null || timer.Due - _now <= within))
                {
                    return;
                }

                set = _timerSet.Task;
            }

            await set;
        }
    }

    /// <summary>
    /// Moves the clock to the end of each pause until the work has finished. A busy machine does not reach a time limit of the
    /// work.
    /// </summary>
    /// <exception cref="TimeoutException">The work hangs.</exception>
    public Task<T> RunAsync<T>(Task<T> work) => RunAsync(work, LongestPause);

    /// <summary>
    /// Moves the clock until the work has finished, so that its time limits take effect. Everything else on the same clock runs faster too.
    /// </summary>
    /// <exception cref="TimeoutException">The work hangs.</exception>
    public async Task<T> RunToLimitAsync<T>(Task<T> work)
    {
        var waited = Stopwatch.StartNew();
        while (await Task.WhenAny(work, Task.Delay(10)) != work)
        {
            Advance(TimeSpan.FromSeconds(1));
            ThrowIfOver(waited);
        }

        return await work;
    }

    /// <summary>The same, with another length of pauses.</summary>
    /// <param name="pause">What is due within this is a pause.</param>
    /// <exception cref="TimeoutException">The work hangs.</exception>
    public Task<T> RunAsync<T>(Task<T> work, TimeSpan pause) => RunAsync(work, () => pause);

    /// <summary>The same, with a length of pauses that may change.</summary>
    /// <param name="pause">What is due within this is a pause.</param>
    /// <exception cref="TimeoutException">The work hangs.</exception>
    public async Task<T> RunAsync<T>(Task<T> work, Func<TimeSpan> pause)
    {
        var waited = Stopwatch.StartNew();
        while (await Task.WhenAny(work, Task.Delay(10)) != work)
        {
            EndPause(pause());
            ThrowIfOver(waited);
        }

        return await work;
    }

    /// <summary>
    /// Moves the clock to the next timer, if it is due within the given time. Without such a pause the clock does not move.
    /// </summary>
    public void EndPause(TimeSpan within)
    {
        if (NextTimer() is { } next && next <= within)
        {
            Advance(next);
        }
    }

    /// <summary>Sets the time of day back, as an administrator may. Timers are unaffected.</summary>
    public void SetBack(TimeSpan by)
    {
        lock (_lock)
        {
            _behind += by;
        }
    }

    /// <summary>Moves the clock, and fires the timers that are due.</summary>
    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            foreach (var timer in due)
            {
                if (timer.Period > TimeSpan.Zero)
                {
                    timer.Due = _now + timer.Period;
                }
                else
                {
                    _timers.Remove(timer);
                }
            }
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    private void ThrowIfOver(Stopwatch waited)
    {
        if (waited.Elapsed > Patience.Limit)
        {
            throw new TimeoutException($"The work does not finish; the next timer is due in {NextTimer()}.");
        }
    }

    /// <summary>When the next timer is due. Null if none is set.</summary>
    private TimeSpan? NextTimer()
    {
        lock (_lock)
        {
            return _timers.Count == 0 ? null : _timers.Min(timer => timer.Due) - _now;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider owner, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    (Due, Period) = (owner._now + dueTime, period);
                    owner._timers.Add(this);
                    owner._timerSet.TrySetResult();
                    owner._timerSet = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
