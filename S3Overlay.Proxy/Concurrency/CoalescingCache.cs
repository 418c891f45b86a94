using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Answers of somebody far away, remembered by name for a while. However many want the same one at once, it is asked for once. What was
/// asked before a change is forgotten with it, though the answer should come later. A failure is remembered by nobody.
/// </summary>
/// <param name="lifetime">How old an answer may be, counted from when it was asked for.</param>
/// <param name="time">The clock.</param>
internal sealed class CoalescingCache<T>(TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Names are the clients' to choose: beyond this many, what is known is forgotten.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>The answer for a name; asks where none is known.</summary>
    /// <param name="name">The name.</param>
    /// <param name="about">What is handed to <paramref name="ask"/>, so that a known answer costs no closure.</param>
    /// <param name="ask">Asks.</param>
    /// <param name="cancellationToken">Ends the wait, not the question: others may wait for it.</param>
    public ValueTask<T> FindAsync<TAbout>(string name, TAbout about, Func<string, TAbout, Task<T>> ask, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(name, out var known) || time.GetElapsedTime(known.Asked) >= lifetime
            || known.Answer.Value is { IsFaulted: true } or { IsCanceled: true })
        {
            known = Ask(name, known, about, ask);
        }

        var answer = known.Answer.Value;
        return answer.IsCompletedSuccessfully ? new(answer.Result) : new(answer.WaitAsync(cancellationToken));
    }

    /// <summary>Forgets a name.</summary>
    public void Forget(string name) => _entries.TryRemove(name, out _);

    /// <summary>Of those who find nothing at the same time one asks. It must not end with the client that happened to come first.</summary>
    private Entry Ask<TAbout>(string name, Entry? known, TAbout about, Func<string, TAbout, Task<T>> ask)
    {
        if (_entries.Count >= Limit)
        {
            _entries.Clear();
        }

        var fresh = new Entry(time.GetTimestamp(), new Lazy<Task<T>>(() => RunAsync(name, about, ask).Observed()));
        return known is null ? _entries.GetOrAdd(name, fresh)
            : _entries.TryUpdate(name, fresh, known) ? fresh
            : _entries.GetOrAdd(name, fresh);
    }

    /// <summary>A failure is the task's, however it comes: what a <see cref="Lazy{T}"/> throws it would throw for ever.</summary>
    private static async Task<T> RunAsync<TAbout>(string name, TAbout about, Func<string, TAbout, Task<T>> ask) => await ask(name, about);

    private sealed record Entry(long Asked, Lazy<Task<T>> Answer);
}
