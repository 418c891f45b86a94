using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Limits how long a read that could use a stale entry waits for the remote (table F). A bucket that is down is not asked (<see
/// cref="IRemote.ConditionOf"/>). A bucket that throttles or rejects the overlay's credentials is asked by one read per second; so is a
/// single object for which the remote gives no verdict. If a second object fails in the same way, and none succeeded in between, this holds
/// for the bucket.
/// </summary>
internal sealed class RevalidationBudget(ReadSettings settings, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<(IRemote Remote, string Bucket), Silence> _silent = new();

    /// <summary>How long to wait, counted from the start of the request; zero to send no request.</summary>
    public TimeSpan TimeoutFor(RemoteBucket bucket, string key)
    {
        switch (bucket.Remote.ConditionOf(bucket.Name))
        {
            case RemoteCondition.Down:
                return TimeSpan.Zero;
            case RemoteCondition.Doubted:
                return settings.ShortRevalidationTimeout;
        }

        return SilenceOf(bucket, key) is not { } silence ? settings.RevalidationTimeout
            : silence.TryAsk(time.GetTimestamp(), settings.SilentEvery, time) ? settings.ShortRevalidationTimeout
            : TimeSpan.Zero;
    }

    /// <summary>True if a request is likely to fail.</summary>
    public bool IsDoubtful(RemoteBucket bucket, string key) =>
        bucket.Remote.ConditionOf(bucket.Name) != RemoteCondition.Answering || SilenceOf(bucket, key) is not null;

    /// <summary>Records that a request got no verdict. The remote's own health check judges missing responses.</summary>
    public void NoteSilence(RemoteBucket bucket, string key, RemoteException failure)
    {
        if (!IsResponse(failure))
        {
            return;
        }

        var (place, now) = ((bucket.Remote, bucket.Name), time.GetTimestamp());
        var next = _silent.AddOrUpdate(
            place,
            static (_, about) => new Silence(about.IsOfAll ? null : about.key, about.now),
            static (_, known, about) => known.IsOfAll || (known.IsOf(about.key) && !about.IsOfAll) ? known
                : new Silence(about.IsOfAll || !known.OthersRespond ? null : about.key, about.now),
            (key, now, IsOfAll: IsOfAll(failure)));
        if (next is { IsOfAll: true } && next.TryLog())
        {
            Log.EntriesServedStale(logger, bucket.Name, bucket.Remote.Endpoint, failure.Message);
        }
    }

    /// <summary>Records that a request got a verdict.</summary>
    public void NoteVerdict(RemoteBucket bucket, string key)
    {
        if (_silent.IsEmpty || !_silent.TryGetValue((bucket.Remote, bucket.Name), out var silence))
        {
            return;
        }

        if (!silence.IsOf(key))
        {
            silence.OthersRespond = true;
        }
        else if (_silent.TryRemove(new((bucket.Remote, bucket.Name), silence)) && silence.IsOfAll)
        {
            Log.EntriesRevalidatedAgain(logger, bucket.Name, bucket.Remote.Endpoint);
        }
    }

    private Silence? SilenceOf(RemoteBucket bucket, string key) => _silent.TryGetValue((bucket.Remote, bucket.Name), out var silence)
        && silence.IsOf(key) ? silence : null;

    /// <summary>
    /// True if the remote responded, even if without a verdict. A HEAD has no body to distinguish SlowDown from another 503.
    /// </summary>
    private static bool IsResponse(RemoteException failure) => IsOfAll(failure)
        || failure is { Failure: RemoteFailure.Unavailable, Status: 503 };

    /// <summary>True if a request for any object would have failed in the same way.</summary>
    private static bool IsOfAll(RemoteException failure) => failure.Failure is RemoteFailure.Throttled or RemoteFailure.BadCredentials;

    /// <summary>No verdict from the remote.</summary>
    /// <param name="key">The key; null for the whole bucket.</param>
    /// <param name="asked">Timestamp of the last request.</param>
    private sealed class Silence(string? key, long asked)
    {
        private long _asked = asked;
        private int _isLogged;

        public bool IsOfAll => key is null;

        /// <summary>True if another object got a verdict since.</summary>
        public volatile bool OthersRespond;

        public bool IsOf(string other) => key is null || key == other;

        /// <summary>True for the first caller, which logs.</summary>
        public bool TryLog() => Interlocked.Exchange(ref _isLogged, 1) == 0;

        /// <summary>True if the caller may send the request now.</summary>
        public bool TryAsk(long now, TimeSpan every, TimeProvider time)
        {
            var last = Volatile.Read(ref _asked);
            return time.GetElapsedTime(last, now) >= every && Interlocked.CompareExchange(ref _asked, now, last) == last;
        }
    }
}
