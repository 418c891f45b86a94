using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>Metrics of the requests to one endpoint.</summary>
public sealed class UpstreamMeters
{
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly KeyValuePair<string, object?> _endpoint;
    private long _inProgress;
    private long _received;

    internal UpstreamMeters(string endpoint, Counter<long> requests, Histogram<double> duration)
    {
        _endpoint = new("endpoint", endpoint);
        (_requests, _duration) = (requests, duration);
    }

    /// <summary>Requests without response headers so far.</summary>
    internal Measurement<long> InProgress => new(Volatile.Read(ref _inProgress), _endpoint);

    /// <summary>Bytes of bodies received.</summary>
    internal Measurement<long> Received => new(Volatile.Read(ref _received), _endpoint);

    /// <summary>Counts an attempt. Pass the result to <see cref="Answered"/> or <see cref="Failed"/>.</summary>
    public long Started()
    {
        Interlocked.Increment(ref _inProgress);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Records a response.</summary>
    public void Answered(long started, int status) => Ended(started, status switch
    {
        >= 500 or 429 => Outcomes.Failed,
        >= 400 => Outcomes.Refused,
        _ => Outcomes.Ok,
    });

    /// <summary>Records that no response came.</summary>
    /// <param name="isUnwanted">Whether every waiter was gone, which is no failure of the endpoint.</param>
    public void Failed(long started, bool isUnwanted) => Ended(started, isUnwanted ? Outcomes.Left : Outcomes.Failed);

    /// <summary>Counts received bytes of a body.</summary>
    public void BytesReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    private void Ended(long started, string outcome)
    {
        Interlocked.Decrement(ref _inProgress);
        _requests.Add(1, _endpoint, new("outcome", outcome));
        _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, _endpoint);
    }
}
