using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Remembers for a while which keys the remote does not have (rule S2). Only 404s count, not refusals. The result of a request that began
/// before the key was forgotten is not remembered.
/// </summary>
/// <param name="life">How long, counted from the request; zero turns it off.</param>
/// <param name="time">The clock.</param>
internal sealed class NegativeCache(TimeSpan life, TimeProvider time)
{
    /// <summary>Clients choose the keys, so the cache is cleared at this size.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<ObjectName, long> _absent = new();
    private readonly KeyGenerations? _generations = life > TimeSpan.Zero ? new() : null;

    /// <summary>True if the remote is known not to have a key.</summary>
    public bool Has(ObjectName name)
    {
        if (_absent.IsEmpty || !_absent.TryGetValue(name, out var asked))
        {
            return false;
        }

        if (time.GetElapsedTime(asked) < life)
        {
            return true;
        }

        _absent.TryRemove(KeyValuePair.Create(name, asked));
        return false;
    }

    /// <summary>Asks the remote for a key, and remembers a 404.</summary>
    /// <param name="name">The key.</param>
    /// <param name="about">Passed to <paramref name="ask"/> to avoid a closure.</param>
    /// <param name="ask">Sends the request.</param>
    public Task<T> AskAsync<T, TAbout>(ObjectName name, TAbout about, Func<TAbout, Task<T>> ask) where T : IRemoteOutcome =>
        _generations is null ? ask(about) : AskAsync(_generations, name, about, ask);

    /// <summary>Forgets a key that was written, deleted or evicted here, or seen at the remote.</summary>
    public void Forget(ObjectName name)
    {
        _generations?.Advance(name.Bucket, name.Key);
        if (!_absent.IsEmpty)
        {
            _absent.TryRemove(name, out _);
        }
    }

    public void ForgetAll()
    {
        _generations?.AdvanceAll();
        _absent.Clear();
    }

    private async Task<T> AskAsync<T, TAbout>(KeyGenerations generations, ObjectName name, TAbout about, Func<TAbout, Task<T>> ask)
        where T : IRemoteOutcome
    {
        var (asked, generation) = (time.GetTimestamp(), generations.Of(name.Bucket, name.Key));
        var outcome = await ask(about);
        if (outcome.Failure is null)
        {
            Forget(name);
        }
        else if (outcome.Failure.Failure == RemoteFailure.NoSuchKey)
        {
            if (_absent.Count >= Limit)
            {
                _absent.Clear();
            }

            _absent[name] = asked;
            if (generations.Of(name.Bucket, name.Key) != generation)
            {
                _absent.TryRemove(KeyValuePair.Create(name, asked));
            }
        }

        return outcome;
    }
}
