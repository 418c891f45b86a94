using System.Collections.Concurrent;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Testing;

/// <summary>
/// A small S3 server with objects in memory, on a free port of 127.0.0.1. It can be slow, fail and cut bodies, and counts what it is asked.
/// It responds to what a remote is asked: GET and HEAD of objects with ranges and conditions, listings (ListObjectsV2), and the list of
/// buckets. It accepts any signature, and refuses all writes.
/// </summary>
public sealed class ScriptedRemote : ScriptedTarget, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ScriptedBucket> _buckets = new(StringComparer.Ordinal);
    private readonly RequestLog _log;
    private readonly TimeProvider _time;
    private LoopbackPort _port = null!;

    private ScriptedRemote(RequestLog log, TimeProvider time)
        : base(log) => (_log, _time) = (log, time);

    /// <summary>Its URL.</summary>
    public Uri Endpoint => _port.Endpoint;

    /// <summary>Starts one.</summary>
    /// <param name="script">Adds buckets and objects; null to do that later.</param>
    /// <param name="time">The clock of dates and delays; null for the system's.</param>
    public static async Task<ScriptedRemote> StartAsync(Action<ScriptedRemote>? script = null, TimeProvider? time = null)
    {
        var remote = new ScriptedRemote(new RequestLog(), time ?? TimeProvider.System);
        script?.Invoke(remote);
        remote._port = await LoopbackPort.StartAsync(
            port: 0,
            loggers: null,
            static kestrel =>
            {
                // Header values are bytes in S3. The script decides what is slow.
                kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
                kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
                kestrel.Limits.MinResponseDataRate = null;
                kestrel.AddServerHeader = false;
            },
            remote.HandleAsync);
        return remote;
    }

    /// <summary>A bucket, which this adds if it is new.</summary>
    public ScriptedBucket Bucket(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _buckets.GetOrAdd(name, added => new ScriptedBucket(added, _log, _time));
    }

    /// <summary>Deletes a bucket with its objects and failures.</summary>
    public ScriptedRemote RemoveBucket(string name)
    {
        _buckets.TryRemove(name, out _);
        return this;
    }

    /// <summary>Forgets the requests so far, so that a test counts only its own.</summary>
    public void ClearRequests() => _log.Clear();

    /// <summary>Closes the port.</summary>
    public ValueTask DisposeAsync() => _port.DisposeAsync();

    /// <inheritdoc/>
    internal override bool Includes(ScriptedRequest request) => true;

    /// <inheritdoc/>
    internal override void RemoveFaults()
    {
        base.RemoveFaults();
        foreach (var bucket in _buckets.Values)
        {
            bucket.RemoveFaults();
        }
    }

    internal IReadOnlyList<ScriptedBucket> ListBuckets() =>
        [.. _buckets.Values.OrderBy(static bucket => bucket.Name, StringComparer.Ordinal)];

    private async Task HandleAsync(HttpContext context)
    {
        var http = context.Request;
        RequestTarget target;
        try
        {
            target = RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, host: "", domain: "");
        }
        catch (S3Exception malformed)
        {
            context.Response.StatusCode = malformed.Error.Status;
            return;
        }

        var headers = http.Headers.ToDictionary(
            static header => header.Key, static header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var request = new ScriptedRequest(http.Method, target.Bucket, target.Key, target.RawQuery, headers);
        _log.Add(request);
        var bucket = _buckets.GetValueOrDefault(target.Bucket);
        var item = target.Key.Length > 0 ? bucket?.Find(target.Key) : null;
        ScriptedTarget?[] targets = [this, bucket, item];
        List<ScriptedFault> faults = [.. targets.SelectMany(each => each?.TakeFaults(request) ?? [])];
        foreach (var fault in faults)
        {
            await Task.Delay(fault.Delay, _time, context.RequestAborted);
            await fault.Until.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        context.RequestAborted.ThrowIfCancellationRequested();
        var response = new ScriptedResponse(request, context, faults.Min(static fault => fault.CutAfter));
        await (faults.Find(static fault => fault.Error is not null)?.Error is var (status, code)
            ? response.FailAsync(status, code)
            : response.SendAsync(this, bucket, item?.Version));
    }
}
