using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>What is counted of the requests to one endpoint, the remote's or local's.</summary>
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

    /// <summary>Requests whose answers have not begun.</summary>
    internal Measurement<long> InProgress => new(Volatile.Read(ref _inProgress), _endpoint);

    /// <summary>Bytes of bodies that came.</summary>
    internal Measurement<long> Received => new(Volatile.Read(ref _received), _endpoint);

    /// <summary>Notes that an attempt begins. The result is handed to <see cref="Answered"/> or <see cref="Failed"/>.</summary>
    public long Started()
    {
        Interlocked.Increment(ref _inProgress);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that the head of an answer came.</summary>
    /// <param name="started">What <see cref="Started"/> gave.</param>
    /// <param name="status">The answer's status.</param>
    public void Answered(long started, int status) => Ended(started, status switch
    {
        >= 500 or 429 => Outcomes.Failed,
        >= 400 => Outcomes.Refused,
        _ => Outcomes.Ok,
    });

    /// <summary>Notes that no answer came.</summary>
    /// <param name="started">What <see cref="Started"/> gave.</param>
    /// <param name="isUnwanted">Whether nobody waited for it any more: that is no failure of the endpoint's.</param>
    public void Failed(long started, bool isUnwanted) => Ended(started, isUnwanted ? Outcomes.Left : Outcomes.Failed);

    /// <summary>Notes that some bytes of a body came.</summary>
    public void BytesReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    private void Ended(long started, string outcome)
    {
        Interlocked.Decrement(ref _inProgress);
        _requests.Add(1, _endpoint, new("outcome", outcome));
        _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, _endpoint);
    }
}
