using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Security;

/// <summary>
/// Who is signed in: in memory, for twelve hours, as long as the proxy has the key. Only hashes of the cookies' values are kept.
/// </summary>
internal sealed class Sessions(IProxy proxy) : IDisposable
{
    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>The most sessions; the oldest ends first.</summary>
    private const int Most = 1000;

    /// <summary>The most sessions of one key: it can end its own by signing in, and hardly those of others.</summary>
    private const int MostOfKey = 20;

    private readonly Lock _beginning = new();
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private long _begun;

    /// <summary>Begins a session.</summary>
    /// <returns>The value of its cookie.</returns>
    public string Begin(ProxyKey key)
    {
        var cookie = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        lock (_beginning)
        {
            MakeRoom(_sessions.Values.Where(each => each.AccessKey == key.AccessKey), MostOfKey);
            MakeRoom(_sessions.Values, Most);
            var session = new Session(Hash(cookie), key.AccessKey, proxy.Time, Lifetime) { Number = ++_begun };
            _sessions[session.Id] = session;
        }

        return cookie;
    }

    private void MakeRoom(IEnumerable<Session> sessions, int most)
    {
        var all = sessions.OrderBy(static session => session.Number).ToList();
        foreach (var oldest in all.Take(all.Count - most + 1))
        {
            End(oldest);
        }
    }

    /// <summary>Finds the session of a cookie, with its key as it is now; null if there is none, or it is over.</summary>
    public (Session Session, ProxyKey Key)? Find(string? cookie)
    {
        if (string.IsNullOrEmpty(cookie) || !_sessions.TryGetValue(Hash(cookie), out var session))
        {
            return null;
        }

        if (session.Ends > proxy.Time.GetUtcNow() && proxy.Find(session.AccessKey) is { } key)
        {
            return (session, key);
        }

        End(session);
        return null;
    }

    /// <summary>Whether a session goes on.</summary>
    public bool IsRunning(string id) => _sessions.TryGetValue(id, out var session) && session.Ends > proxy.Time.GetUtcNow();

    /// <summary>Cancelled when a session ends; it is if there is none.</summary>
    public CancellationToken EndOf(string? id) =>
        id is not null && _sessions.TryGetValue(id, out var session) ? session.Ended : new CancellationToken(canceled: true);

    /// <summary>Ends a session, and the connections of its pages.</summary>
    public void End(string id)
    {
        if (_sessions.TryGetValue(id, out var session))
        {
            End(session);
        }
    }

    /// <summary>Ends all.</summary>
    public void Dispose()
    {
        foreach (var session in _sessions.Values)
        {
            End(session);
        }
    }

    private void End(Session session)
    {
        if (_sessions.TryRemove(session.Id, out _))
        {
            session.End();
        }
    }

    private static string Hash(string cookie) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cookie)));
}

/// <summary>A signed-in key.</summary>
internal sealed class Session
{
    private readonly CancellationTokenSource _ended;

    /// <param name="id">Identifies it, and is no secret.</param>
    public Session(string id, string accessKey, TimeProvider time, TimeSpan lifetime)
    {
        (Id, AccessKey, Ends) = (id, accessKey, time.GetUtcNow() + lifetime);
        _ended = new(lifetime, time);
        Ended = _ended.Token;
    }

    /// <summary>Identifies it. No cookie can be made of it.</summary>
    public string Id { get; }

    /// <summary>The key that signed in.</summary>
    public string AccessKey { get; }

    /// <summary>When it ends at the latest.</summary>
    public DateTimeOffset Ends { get; }

    /// <summary>Its place in the order of their beginnings.</summary>
    public required long Number { get; init; }

    /// <summary>Its open pages. For <see cref="OpenPages"/> alone.</summary>
    public int Pages { get; set; }

    /// <summary>Cancelled when it ends.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Ends it.</summary>
    public void End()
    {
        _ended.Cancel();
        _ended.Dispose();
    }
}
