using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// Tracks which buckets of an endpoint are down. Each bucket counts for itself: one wrong name or broken bucket says nothing about the
/// others, and if the endpoint is down, each bucket finds out within one request.
/// </summary>
/// <param name="answers">Asks whether a bucket answers.</param>
/// <param name="changed">Called with true when a bucket goes down and with false when it answers again.</param>
internal sealed class BucketHealth(Func<string, CancellationToken, Task<bool>> answers, Action<string, bool> changed, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>Clients choose the names. Beyond this many buckets, requests find out for themselves.</summary>
    private const int Limit = 1000;

    private readonly ConcurrentDictionary<string, EndpointHealth> _outages = new(StringComparer.Ordinal);
    private int _on;

    /// <summary>True if any bucket is down.</summary>
    public bool Any => Volatile.Read(ref _on) > 0;

    /// <summary>True if a bucket is down.</summary>
    public bool IsOn(string bucket) => Any && _outages.TryGetValue(bucket, out var outage) && outage.IsOn;

    public RemoteCondition ConditionOf(string bucket) =>
        !_outages.TryGetValue(bucket, out var outage) ? RemoteCondition.Answering
        : outage.IsOn ? RemoteCondition.Down
        : outage.IsDoubted ? RemoteCondition.Doubted
        : RemoteCondition.Answering;

    /// <summary>
    /// Starts a check whether a bucket is down, beside the request that got no response. Requests without a bucket are ignored.
    /// </summary>
    public void Suspect(string bucket)
    {
        if (bucket.Length == 0 || (_outages.Count >= Limit && !_outages.ContainsKey(bucket)))
        {
            return;
        }

        _ = _outages.GetOrAdd(bucket, Begin).BeginsAsync(CancellationToken.None);
    }

    /// <summary>Notes that a bucket answered. Cancels the outcome of a check that began earlier.</summary>
    public void NoteResponse(string bucket)
    {
        if (_outages.TryGetValue(bucket, out var outage))
        {
            outage.NoteResponse();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var outage in _outages.Values)
        {
            await outage.DisposeAsync();
        }
    }

    private EndpointHealth Begin(string bucket) => new(
        cancellationToken => answers(bucket, cancellationToken),
        isOn =>
        {
            Interlocked.Add(ref _on, isOn ? 1 : -1);
            changed(bucket, isOn);
        },
        time);
}
