using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>
/// Kills a proxy at one of the steps it takes toward its disk or store. What it does from then on has no effect and gets no response. Store
/// calls are cut before or after they take effect, and so are all later ones. The disk is saved as it is at that step, with half of the
/// current write: that is what the next process finds.
/// </summary>
internal sealed class Reaper
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _armed;
    private int _before;
    private int _after;
    private Action _putAside = () => { };

    /// <summary>Finishes when the proxy is killed.</summary>
    public Task Death { get; private set; } = Task.Delay(Timeout.Infinite);

    /// <summary>Kills the proxy at a coming step, counted from 0.</summary>
    /// <param name="putAside">Saves the state of the disk.</param>
    public void Arm(int step, bool isAfter, Action putAside)
    {
        lock (_lock)
        {
            _armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (Death, _before, _after, _putAside) = (_armed.Task, isAfter ? -1 : step, isAfter ? step : -1, putAside);
        }
    }

    /// <summary>Kills it now unless it is dead.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_armed!.TrySetResult())
            {
                _putAside();
            }
        }
    }

    /// <summary>The proxy is gone. Another one may start.</summary>
    public void Rest()
    {
        lock (_lock)
        {
            (_armed, Death) = (null, Task.Delay(Timeout.Infinite));
        }
    }

    /// <summary>A call of the store is about to take effect.</summary>
    public Task BeforeAsync(StoreCall call) => Cut(isAfter: false);

    /// <summary>A call of the store took effect.</summary>
    public Task AfterAsync(StoreCall call) => Cut(isAfter: true);

    /// <summary>Something is done to the disk.</summary>
    /// <param name="half">Leaves the state of a kill halfway through the step.</param>
    /// <param name="rest">Does the rest.</param>
    public void Step(Action half, Action rest)
    {
        lock (_lock)
        {
            half();
            Count(ref _before);
            rest();
            Count(ref _after);
        }
    }

    private Task Cut(bool isAfter)
    {
        lock (_lock)
        {
            Count(ref isAfter ? ref _after : ref _before);
            return _armed is { Task.IsCompleted: true } ? Task.FromException(new IOException("The process was killed."))
                : Task.CompletedTask;
        }
    }

    private void Count(ref int left)
    {
        if (_armed is not null && left-- == 0)
        {
            Kill();
        }
    }
}
