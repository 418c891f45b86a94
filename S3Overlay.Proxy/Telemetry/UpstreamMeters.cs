using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>Metrics of the requests to one endpoint.</summary>
public sealed class UpstreamMeters
{
    private static readonly string[] Ends = [Outcomes.Ok, Outcomes.Refused, Outcomes.Failed, Outcomes.Left];

    private readonly Histogram<double> _duration;
    private readonly KeyValuePair<string, object?> _endpoint;
    private readonly long[] _ended = new long[Ends.Length];
    private long _inProgress;
    private long _received;
    private long _reads;
    private long _cachedReads;
    private long _receivedCached;

    internal UpstreamMeters(string endpoint, Histogram<double> duration)
    {
        _endpoint = new("endpoint", endpoint);
        (IsRemote, _duration) = (endpoint != "local", duration);
    }

    /// <summary>False for a local S3 endpoint.</summary>
    internal bool IsRemote { get; }

    /// <summary>Requests that failed.</summary>
    internal long Failures => Volatile.Read(ref _ended[Array.IndexOf(Ends, Outcomes.Failed)]);

    /// <summary>Bytes of bodies received.</summary>
    internal long ReceivedBytes => Volatile.Read(ref _received);

    /// <summary>Ended requests by outcome.</summary>
    internal IEnumerable<Measurement<long>> Ended => Ends.Select((outcome, at) => (Outcome: outcome, Count: Volatile.Read(ref _ended[at])))
        .Where(static end => end.Count > 0)
        .Select(end => new Measurement<long>(end.Count, _endpoint, new("outcome", end.Outcome)));

    /// <summary>Requests without response headers so far.</summary>
    internal Measurement<long> InProgress => new(Volatile.Read(ref _inProgress), _endpoint);

    /// <summary><see cref="ReceivedBytes"/> as a metric.</summary>
    internal Measurement<long> Received => new(ReceivedBytes, _endpoint);

    /// <summary>Objects read so far, whole or in part. A HEAD is no read.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <summary>Those that the endpoint answered from a cache of its own, as <c>x-cache</c> says.</summary>
    public long CachedReads => Volatile.Read(ref _cachedReads);

    /// <summary>Bytes of objects received from that cache.</summary>
    public long ReceivedCached => Volatile.Read(ref _receivedCached);

    /// <summary>Counts an attempt. Pass the result to <see cref="Answered"/> or <see cref="Failed"/>.</summary>
    public long Started()
    {
        Interlocked.Increment(ref _inProgress);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Records a response.</summary>
    public void Answered(long started, int status) => End(started, status switch
    {
        >= 500 or 429 => Outcomes.Failed,
        >= 400 => Outcomes.Refused,
        _ => Outcomes.Ok,
    });

    /// <summary>Records that no response came.</summary>
    /// <param name="isUnwanted">Whether every waiter was gone, which is no failure of the endpoint.</param>
    public void Failed(long started, bool isUnwanted) => End(started, isUnwanted ? Outcomes.Left : Outcomes.Failed);

    /// <summary>Counts an object whose bytes are about to be received.</summary>
    /// <param name="isCached">Whether they are from the endpoint's own cache.</param>
    public void ObjectFound(bool isCached)
    {
        Interlocked.Increment(ref _reads);
        if (isCached)
        {
            Interlocked.Increment(ref _cachedReads);
        }
    }

    /// <summary>Counts received bytes of a body.</summary>
    /// <param name="isCached">Whether they are from the endpoint's own cache.</param>
    public void BytesReceived(int bytes, bool isCached = false)
    {
        Interlocked.Add(ref _received, bytes);
        if (isCached)
        {
            Interlocked.Add(ref _receivedCached, bytes);
        }
    }

    private void End(long started, string outcome)
    {
        Interlocked.Decrement(ref _inProgress);
        Interlocked.Increment(ref _ended[Array.IndexOf(Ends, outcome)]);
        _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, _endpoint);
    }
}
