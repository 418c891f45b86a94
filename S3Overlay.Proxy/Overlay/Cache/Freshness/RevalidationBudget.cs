using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// How long a reader who could be given a copy past its life waits for the remote's word on it (table F). A bucket that is down is not
/// asked at all: who knows that asks for it, too (<see cref="IRemote.ConditionOf"/>). One that answers and does not tell, since it
/// throttles or does not accept the overlay's credentials, is asked by one reader a second. So is one object that cannot be told of, and
/// the bucket where a second one cannot and none could be between the two.
/// </summary>
/// <param name="settings">How long, and how often.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is told that copies are served past their life.</param>
internal sealed class RevalidationBudget(FreshnessSettings settings, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<(IRemote Remote, string Bucket), Silence> _silent = new();

    /// <summary>How long the reader is to wait, counted from when the question was put; no time where it is not to be put at all.</summary>
    public TimeSpan With(RemoteBucket bucket, string key)
    {
        switch (bucket.Remote.ConditionOf(bucket.Name))
        {
            case RemoteCondition.Down:
                return TimeSpan.Zero;
            case RemoteCondition.Doubted:
                return settings.ShortPatience;
        }

        return SilenceOf(bucket, key) is not { } silence ? settings.Timeout
            : silence.TryAsk(time.GetTimestamp(), settings.SilentEvery, time) ? settings.ShortPatience
            : TimeSpan.Zero;
    }

    /// <summary>Whether there is any reason to think that a question will not be answered.</summary>
    public bool IsDoubtful(RemoteBucket bucket, string key) =>
        bucket.Remote.ConditionOf(bucket.Name) != RemoteCondition.Answering || SilenceOf(bucket, key) is not null;

    /// <summary>A question was answered with a failure. Of one that had no answer the remote itself finds out what it means.</summary>
    public void NotTold(RemoteBucket bucket, string key, RemoteException failure)
    {
        if (!IsAnswer(failure))
        {
            return;
        }

        var (place, now) = ((bucket.Remote, bucket.Name), time.GetTimestamp());
        var next = _silent.AddOrUpdate(
            place,
            static (_, about) => new Silence(about.IsOfAll ? null : about.key, about.now),
            static (_, known, about) => known.IsOfAll || (known.IsOf(about.key) && !about.IsOfAll) ? known
                : new Silence(about.IsOfAll || !known.OthersTell ? null : about.key, about.now),
            (key, now, IsOfAll: IsOfAll(failure)));
        if (next is { IsOfAll: true } && next.TryTell())
        {
            Log.CopiesServedStale(logger, bucket.Name, bucket.Remote.Endpoint, failure.Message);
        }
    }

    /// <summary>A question was answered.</summary>
    public void Told(RemoteBucket bucket, string key)
    {
        if (_silent.IsEmpty || !_silent.TryGetValue((bucket.Remote, bucket.Name), out var silence))
        {
            return;
        }

        if (!silence.IsOf(key))
        {
            silence.OthersTell = true;
        }
        else if (_silent.TryRemove(new((bucket.Remote, bucket.Name), silence)) && silence.IsOfAll)
        {
            Log.CopiesComparedAgain(logger, bucket.Name, bucket.Remote.Endpoint);
        }
    }

    private Silence? SilenceOf(RemoteBucket bucket, string key) => _silent.TryGetValue((bucket.Remote, bucket.Name), out var silence)
        && silence.IsOf(key) ? silence : null;

    /// <summary>
    /// Whether the remote answered, if nothing that tells: of a HEAD there is no document that would say whether 503 is SlowDown.
    /// </summary>
    private static bool IsAnswer(RemoteException failure) => IsOfAll(failure)
        || failure is { Failure: RemoteFailure.Unavailable, Status: 503 };

    /// <summary>Whether it would have answered so to a question about any object.</summary>
    private static bool IsOfAll(RemoteException failure) => failure.Failure is RemoteFailure.Throttled or RemoteFailure.BadCredentials;

    /// <param name="key">What the remote does not tell of; null for all of the bucket.</param>
    /// <param name="asked">When it was asked last.</param>
    private sealed class Silence(string? key, long asked)
    {
        private long _asked = asked;
        private int _isToldOf;

        public bool IsOfAll => key is null;

        /// <summary>Whether the remote told of another object since.</summary>
        public volatile bool OthersTell;

        public bool IsOf(string other) => key is null || key == other;

        /// <summary>Whether nobody was told of it yet.</summary>
        public bool TryTell() => Interlocked.Exchange(ref _isToldOf, 1) == 0;

        /// <summary>Whether the caller is the one who asks now.</summary>
        public bool TryAsk(long now, TimeSpan every, TimeProvider time)
        {
            var last = Volatile.Read(ref _asked);
            return time.GetElapsedTime(last, now) >= every && Interlocked.CompareExchange(ref _asked, now, last) == last;
        }
    }
}
