using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Freshness;

/// <summary>
/// Remembers which remotes did not answer the last question about a copy, so that not every reader of a copy past its life waits for what will not come
/// (table F).
/// </summary>
internal sealed class RemoteDown(FreshnessSettings settings, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<IRemote, State> _down = new();

    /// <summary>How long a reader who has a copy to fall back on is to wait for the remote's word; no time where it is not to be asked now.</summary>
    public TimeSpan Patience(RemoteBucket remote)
    {
        if (!_down.TryGetValue(remote.Remote, out var state))
        {
            return settings.Patience;
        }

        return state.TryAsk(time.GetTimestamp(), settings.WhileDown.Every, time) ? settings.WhileDown.Patience : TimeSpan.Zero;
    }

    /// <summary>Whether a remote is known to be down.</summary>
    public bool IsDown(RemoteBucket remote) => _down.ContainsKey(remote.Remote);

    /// <summary>A remote did not answer.</summary>
    public void Note(RemoteBucket remote, string failure)
    {
        if (_down.TryAdd(remote.Remote, new State(time.GetTimestamp())))
        {
            Log.CopiesServedStale(logger, remote.Remote.Endpoint, failure);
        }
    }

    /// <summary>A remote answered.</summary>
    public void Clear(RemoteBucket remote)
    {
        if (!_down.IsEmpty && _down.TryRemove(remote.Remote, out _))
        {
            Log.CopiesComparedAgain(logger, remote.Remote.Endpoint);
        }
    }

    private sealed class State(long asked)
    {
        private long _asked = asked;

        /// <summary>Whether the caller is the one who asks now.</summary>
        public bool TryAsk(long now, TimeSpan every, TimeProvider time)
        {
            var last = Volatile.Read(ref _asked);
            return time.GetElapsedTime(last, now) >= every && Interlocked.CompareExchange(ref _asked, now, last) == last;
        }
    }
}
