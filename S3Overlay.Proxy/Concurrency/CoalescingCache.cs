using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Caches remote results by name. Concurrent callers share one request. Failures are not cached, nor is a result whose request started
/// before <see cref="Forget"/>.
/// </summary>
/// <param name="lifetime">The maximum age of a result, counted from the start of its request.</param>
internal sealed class CoalescingCache<T>(TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Clients choose the names: above this many, the cache is cleared.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>The result for a name, requested if it is not cached.</summary>
    /// <param name="about">Passed to <paramref name="request"/>, so that a cached result costs no closure.</param>
    /// <param name="cancellationToken">Cancels the wait, not the request: others may wait for it.</param>
    public ValueTask<T> FindAsync<TAbout>(string name, TAbout about, Func<string, TAbout, Task<T>> request,
        CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(name, out var known) || time.GetElapsedTime(known.Started) >= lifetime
            || known.Result.Value is { IsFaulted: true } or { IsCanceled: true })
        {
            known = StartRequest(name, known, about, request);
        }

        var result = known.Result.Value;
        return result.IsCompletedSuccessfully ? new(result.Result) : new(result.WaitAsync(cancellationToken));
    }

    /// <summary>Removes a name.</summary>
    public void Forget(string name) => _entries.TryRemove(name, out _);

    /// <summary>One of several concurrent callers makes the request. Not cancelled with the first caller: others may be waiting.</summary>
    private Entry StartRequest<TAbout>(string name, Entry? known, TAbout about, Func<string, TAbout, Task<T>> request)
    {
        if (_entries.Count >= Limit)
        {
            _entries.Clear();
        }

        var fresh = new Entry(time.GetTimestamp(), new Lazy<Task<T>>(() => RunAsync(name, about, request).Observed()));
        return known is null ? _entries.GetOrAdd(name, fresh)
            : _entries.TryUpdate(name, fresh, known) ? fresh
            : _entries.GetOrAdd(name, fresh);
    }

    /// <summary>Turns every failure into a failed task: a <see cref="Lazy{T}"/> would rethrow an exception for ever.</summary>
    private static async Task<T> RunAsync<TAbout>(string name, TAbout about, Func<string, TAbout, Task<T>> request) =>
        await request(name, about);

    private sealed record Entry(long Started, Lazy<Task<T>> Result);
}
