using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Keys that the remote did not have when it was asked last, remembered for a while (rule S2). Only a 404 is: a refusal says nothing of the
/// object, and what was asked for before the key was forgotten is not remembered, though the answer should come later.
/// </summary>
/// <param name="life">How long, from when the remote was asked; no time for not at all.</param>
/// <param name="time">The clock.</param>
internal sealed class NegativeCache(TimeSpan life, TimeProvider time)
{
    /// <summary>Keys are the clients' to choose: beyond this many, what is known is forgotten.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<ObjectName, long> _absent = new();
    private readonly KeyGenerations? _generations = life > TimeSpan.Zero ? new() : null;

    /// <summary>Whether the remote is known to lack a key.</summary>
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

    /// <summary>Fails as the remote did, where it is known to lack a key.</summary>
    /// <exception cref="RemoteException">NoSuchKey.</exception>
    public void ThrowIfHas(ObjectName name)
    {
        if (Has(name))
        {
            throw new RemoteException(RemoteFailure.NoSuchKey, "The remote had no such object when it was asked last.")
                { Status = 404, Code = "NoSuchKey" };
        }
    }

    /// <summary>Asks the remote for a key, and remembers that it is not there where that is what it says.</summary>
    /// <param name="name">The key.</param>
    /// <param name="about">What is handed to <paramref name="ask"/>, so that asking costs no closure.</param>
    /// <param name="ask">Asks.</param>
    public Task<T> AskAsync<T, TAbout>(ObjectName name, TAbout about, Func<TAbout, Task<T>> ask) =>
        _generations is null ? ask(about) : AskAsync(_generations, name, about, ask);

    /// <summary>Forgets a key: it was written, deleted or dropped here, or the remote was seen to have it.</summary>
    public void Forget(ObjectName name)
    {
        _generations?.Advance(name.Bucket, name.Key);
        if (!_absent.IsEmpty)
        {
            _absent.TryRemove(name, out _);
        }
    }

    /// <summary>Forgets all keys.</summary>
    public void ForgetAll()
    {
        _generations?.AdvanceAll();
        _absent.Clear();
    }

    private async Task<T> AskAsync<T, TAbout>(KeyGenerations generations, ObjectName name, TAbout about, Func<TAbout, Task<T>> ask)
    {
        var (asked, generation) = (time.GetTimestamp(), generations.Of(name.Bucket, name.Key));
        try
        {
            var found = await ask(about);
            Forget(name);
            return found;
        }
        catch (RemoteException absent) when (absent.Failure == RemoteFailure.NoSuchKey)
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

            throw;
        }
    }
}
