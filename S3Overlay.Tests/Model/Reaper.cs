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

    /// <summary>Finishes when the proxy is killed; never before the next one is to be.</summary>
    public Task Death { get; private set; } = Task.Delay(Timeout.Infinite);

    /// <summary>The proxy is killed at its next step number so and so, counted from 0.</summary>
    /// <param name="step">The step.</param>
    /// <param name="isAfter">Whether it takes effect.</param>
    /// <param name="putAside">Puts aside what is on the disk.</param>
    public void Arm(int step, bool isAfter, Action putAside)
    {
        lock (_lock)
        {
            _armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (Death, _before, _after, _putAside) = (_armed.Task, isAfter ? -1 : step, isAfter ? step : -1, putAside);
        }
    }

    /// <summary>It is killed now, if it was not yet.</summary>
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

    /// <summary>The proxy is gone; another one may be about.</summary>
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
    /// <param name="half">Leaves what a kill halfway through the step leaves.</param>
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
