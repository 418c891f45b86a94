using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support;

/// <summary>Runs an action at each instant between two store calls of another one, one instant a run, until there are no more.</summary>
internal static class StoreSteps
{
    /// <summary>
    /// Runs <paramref name="first"/> again and again, each time with <paramref name="between"/> one call further on: before the call takes
    /// effect, then after it did.
    /// </summary>
    /// <param name="first">What is interrupted; gets the number of the run, to name things by.</param>
    /// <param name="between">What happens in between.</param>
    /// <param name="check">What holds afterwards.</param>
    /// <param name="prepare">What is there before, which nothing interrupts; null for nothing.</param>
    /// <returns>How many instants there were.</returns>
    public static async Task<int> SweepAsync(
        ISteppedCalls store, Func<int, Task> first, Func<int, Task> between, Func<int, Task> check, Func<int, Task>? prepare = null)
    {
        var runs = 0;
        foreach (var isAfter in (bool[])[false, true])
        {
            for (var step = 0; ; step++)
            {
                var (run, seen) = (runs, 0);
                var meanwhile = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
                await (prepare?.Invoke(run) ?? Task.CompletedTask);
                Task Hook(StoreCall call)
                {
                    if (Interlocked.Increment(ref seen) - 1 != step)
                    {
                        return Task.CompletedTask;
                    }

                    (store.Before, store.After) = (null, null);
                    var happening = between(run);
                    meanwhile.SetResult(happening);
                    return happening;
                }

                (store.Before, store.After) = (isAfter ? null : Hook, isAfter ? Hook : null);
                await first(run);
                (store.Before, store.After) = (null, null);

                // The number of a run that was not interrupted is not reused either, because it has left objects.
                runs++;
                if (Volatile.Read(ref seen) <= step)
                {
                    break;
                }

                // The call may have been background work.
                await await meanwhile.Task;
                await check(run);
            }
        }

        return runs;
    }

    /// <summary>
    /// Runs <paramref name="first"/> repeatedly and kills it one call later each time: that call is cut before or after it takes
    /// effect, and no later one comes through, until it has ended.
    /// </summary>
    public static async Task<int> KillAsync(ISteppedCalls store, Func<int, Task> prepare, Func<int, CancellationToken, Task> first,
        Func<int, Task> check)
    {
        var (runs, stride) = (0, Sweep.Step(3));
        foreach (var isAfter in (bool[])[false, true])
        {
            for (var step = 0; ; step += stride)
            {
                var run = runs++;
                await prepare(run);
                using var dead = new CancellationTokenSource();
                var seen = 0;
                Task Hook(StoreCall call) => Interlocked.Increment(ref seen) - 1 == step ? Die() : Task.CompletedTask;
                Task Die()
                {
                    (store.Before, store.After) = (_ => throw new IOException(), null);
                    dead.Cancel();
                    throw new IOException();
                }

                (store.Before, store.After) = (isAfter ? null : Hook, isAfter ? Hook : null);
                try
                {
                    await first(run, dead.Token);
                }
                catch (Exception) when (dead.IsCancellationRequested)
                {
                    // A dead process says nothing.
                }

                (store.Before, store.After) = (null, null);
                if (!dead.IsCancellationRequested)
                {
                    break;
                }

                await check(run);
            }
        }

        return runs * stride;
    }
}
