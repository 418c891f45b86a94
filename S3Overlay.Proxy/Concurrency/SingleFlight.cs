using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Work on something with a name, which whoever wants it while it is under way shares. It does not end with the client that happened to
/// come first.
/// </summary>
internal sealed class SingleFlight(Func<string, Task> work)
{
    private readonly ConcurrentDictionary<string, Lazy<Task>> _running = new(StringComparer.Ordinal);

    /// <summary>Joins the work, or starts it.</summary>
    public Task RunAsync(string name, CancellationToken cancellationToken) =>
        _running.GetOrAdd(name, key => new Lazy<Task>(() => WorkAsync(key).Observed())).Value.WaitAsync(cancellationToken);

    /// <summary>The work that is under way; done where there is none.</summary>
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
