using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>
/// Makes a store lock each key during a conditional PUT, from the headers to the response, as MinIO does: other requests for the key are
/// served once the write ends.
/// </summary>
internal sealed class KeepingStore : IDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _kept = new();
    private readonly StoreServer _store;
    private int _waiting;
    private int _writes;

    /// <summary>Gives a store this behaviour.</summary>
    public KeepingStore(StoreServer store)
    {
        _store = store;
        store.Before = WaitAsync;
        store.Alter = Begin;
    }

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>The number of writes that locked a key.</summary>
    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Waits until a write has locked a path.</summary>
    public Task UntilKeptAsync(string path) => Patience.UntilAsync(() => _kept.ContainsKey(path), "The store has no conditional write.");

    public void Dispose() => (_store.Before, _store.Alter) = (null, null);

    private async Task WaitAsync(StoreCall call)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            while (_kept.TryGetValue(call.Path, out var write))
            {
                await write.Task;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void Begin(HttpRequest request)
    {
        if (request.Method != "PUT" || (request.Headers.IfMatch.Count == 0 && request.Headers.IfNoneMatch.Count == 0))
        {
            return;
        }

        var (path, write) = (request.Path.Value!, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _kept[path] = write;
        Interlocked.Increment(ref _writes);
        request.HttpContext.Response.OnCompleted(() => EndAsync(path, write));
        request.HttpContext.RequestAborted.Register(() => _ = EndAsync(path, write));
    }

    private Task EndAsync(string path, TaskCompletionSource write)
    {
        _kept.TryRemove(new(path, write));
        write.TrySetResult();
        return Task.CompletedTask;
    }
}
