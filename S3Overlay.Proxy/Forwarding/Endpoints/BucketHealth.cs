using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// Which buckets of an endpoint are known to answer nothing. Each for itself: a name that leads nowhere, or a bucket that is broken where
/// it lies, says nothing of the others; and of an endpoint that is down each bucket tells within one request.
/// </summary>
/// <param name="answers">Asks whether a bucket answers anything at all.</param>
/// <param name="changed">Told when the outage of a bucket begins (true) and when it is over.</param>
/// <param name="time">The clock.</param>
internal sealed class BucketHealth(Func<string, CancellationToken, Task<bool>> answers, Action<string, bool> changed, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>Names are the clients' to choose: beyond this many, a request finds out for itself.</summary>
    private const int Limit = 1000;

    private readonly ConcurrentDictionary<string, EndpointHealth> _outages = new(StringComparer.Ordinal);
    private int _on;

    /// <summary>Whether any bucket is known to answer nothing.</summary>
    public bool Any => Volatile.Read(ref _on) > 0;

    /// <summary>Whether a bucket is known to answer nothing.</summary>
    public bool IsOn(string bucket) => Any && _outages.TryGetValue(bucket, out var outage) && outage.IsOn;

    /// <summary>What is known of a bucket.</summary>
    public RemoteCondition ConditionOf(string bucket) =>
        !_outages.TryGetValue(bucket, out var outage) ? RemoteCondition.Answering
        : outage.IsOn ? RemoteCondition.Down
        : outage.IsDoubted ? RemoteCondition.Doubted
        : RemoteCondition.Answering;

    /// <summary>
    /// Finds out, beside the request that had no answer, whether its bucket is down. What is no bucket's is never taken for down.
    /// </summary>
    public void Suspect(string bucket)
    {
        if (bucket.Length == 0 || (_outages.Count >= Limit && !_outages.ContainsKey(bucket)))
        {
            return;
        }

        _ = _outages.GetOrAdd(bucket, Begin).BeginsAsync(CancellationToken.None);
    }

    /// <summary>A bucket has answered a request: it is not down, whatever comes of a question that was put before.</summary>
    public void NoteAnswered(string bucket)
    {
        if (_outages.TryGetValue(bucket, out var outage))
        {
            outage.NoteAnswered();
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
