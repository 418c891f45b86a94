using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Concurrency;

/// <summary>Work by name that concurrent callers share. Not cancelled with the first caller: others may be waiting.</summary>
internal sealed class SingleFlight(Func<string, Task> work)
{
    private readonly ConcurrentDictionary<string, Lazy<Task>> _running = new(StringComparer.Ordinal);

    /// <summary>Joins the running work, or starts it.</summary>
    public Task RunAsync(string name, CancellationToken cancellationToken) =>
        _running.GetOrAdd(name, key => new Lazy<Task>(() => WorkAsync(key).Observed())).Value.WaitAsync(cancellationToken);

    /// <summary>The running work; completed if there is none.</summary>
    public Task UnderWay(string name) => _running.TryGetValue(name, out var running) ? running.Value : Task.CompletedTask;

    private async Task WorkAsync(string name)
    {
        try
        {
            await work(name);
        }
        finally
        {
            _running.TryRemove(name, out _);
        }
    }
}
