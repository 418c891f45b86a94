using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Freshness;

/// <summary>
/// How long a reader who could be given a copy past its life waits for the remote's word on it (table F). A bucket that is down is not asked at all: who knows that asks for it, too
/// (<see cref="IRemote.ConditionOf"/>). One that answers and does not tell, since it throttles or does not accept the overlay's credentials, is asked by one reader a second.
/// </summary>
/// <param name="settings">How long, and how often.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is told that copies are served past their life.</param>
internal sealed class ReaderPatience(FreshnessSettings settings, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<(IRemote Remote, string Bucket), Silence> _silent = new();

    /// <summary>How long the reader is to wait, counted from when the question was put; no time where it is not to be put at all.</summary>
    public TimeSpan With(RemoteBucket bucket)
    {
        switch (bucket.Remote.ConditionOf(bucket.Name))
        {
            case RemoteCondition.Down:
                return TimeSpan.Zero;
            case RemoteCondition.Doubted:
                return settings.ShortPatience;
        }

        if (!_silent.TryGetValue((bucket.Remote, bucket.Name), out var silence))
        {
            return settings.Patience;
        }

        return silence.TryAsk(time.GetTimestamp(), settings.SilentEvery, time) ? settings.ShortPatience : TimeSpan.Zero;
    }

    /// <summary>Whether there is any reason to think that a question will not be answered.</summary>
    public bool IsDoubtful(RemoteBucket bucket) =>
        bucket.Remote.ConditionOf(bucket.Name) != RemoteCondition.Answering || _silent.ContainsKey((bucket.Remote, bucket.Name));

    /// <summary>A question was answered with a failure. Of one that had no answer the remote itself finds out what it means.</summary>
    public void NotTold(RemoteBucket bucket, RemoteException failure)
    {
        if (IsAnswer(failure) && _silent.TryAdd((bucket.Remote, bucket.Name), new Silence(time.GetTimestamp())))
        {
            Log.CopiesServedStale(logger, bucket.Name, bucket.Remote.Endpoint, failure.Message);
        }
    }

    /// <summary>A question was answered.</summary>
    public void Told(RemoteBucket bucket)
    {
        if (!_silent.IsEmpty && _silent.TryRemove((bucket.Remote, bucket.Name), out _))
        {
            Log.CopiesComparedAgain(logger, bucket.Name, bucket.Remote.Endpoint);
        }
    }

    /// <summary>Whether the remote answered, if nothing that tells: of a HEAD there is no document that would say whether 503 is SlowDown.</summary>
    private static bool IsAnswer(RemoteException failure) =>
        failure.Failure is RemoteFailure.Throttled or RemoteFailure.BadCredentials || failure is { Failure: RemoteFailure.Unavailable, Status: 503 };

    private sealed class Silence(long asked)
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
