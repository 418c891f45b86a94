using System.Collections.Concurrent;
using System.Diagnostics;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Tests.Support;

/// <summary>
/// Collects the spans of one trace, which a test's requests start with <see cref="Header"/>. Other tests at the same time are neither
/// collected nor slowed down.
/// </summary>
internal sealed class SpanCollector : IDisposable
{
    private readonly ConcurrentQueue<Activity> _started = new();
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly Bell _bell = new();
    private readonly ActivityListener _listener;
    private readonly ActivitySpanId _client = ActivitySpanId.CreateRandom();

    public SpanCollector()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Tracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,

            // A span sampled by one listener reaches all listeners.
            ActivityStarted = span => Add(span, _started),
            ActivityStopped = span => Add(span, _stopped),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ActivityTraceId TraceId { get; } = ActivityTraceId.CreateRandom();

    /// <summary>The span that a client's requests are below.</summary>
    public string ClientSpan => _client.ToHexString();

    /// <summary>The header that puts a client's request into this trace.</summary>
    public (string Name, string Value) Header => ("traceparent", $"00-{TraceId}-{_client}-01");

    /// <summary>Spans that have ended, in the order of their ends.</summary>
    public IReadOnlyList<Activity> Ended => [.. _stopped];

    /// <summary>Spans that were begun and have not ended.</summary>
    public IReadOnlyList<Activity> Open => [.. _started.Except(_stopped)];

    /// <summary>Spans of a name that have ended.</summary>
    public IReadOnlyList<Activity> Named(string name) => [.. _stopped.Where(span => span.DisplayName == name)];

    /// <summary>The only span with this name, once it has ended. A span may end a moment after the client has the response.</summary>
    public async Task<Activity> OneAsync(string name)
    {
        await _bell.UntilAsync(() => Named(name).Count > 0,
            () => $"There is no span \"{name}\", but: {string.Join(", ", _stopped.Select(span => span.DisplayName))}.");
        return Assert.Single(Named(name));
    }

    /// <summary>Finishes once this many spans of a name have ended.</summary>
    public async Task<IReadOnlyList<Activity>> SeveralAsync(string name, int count)
    {
        await _bell.UntilAsync(() => Named(name).Count >= count, () => $"There are fewer than {count} spans \"{name}\".");
        return Named(name);
    }

    /// <summary>Finishes once every span that was begun has ended.</summary>
    public Task WhenAllEndedAsync() => UntilAsync(() => Open.Count == 0, "A span does not end.");

    /// <summary>Finishes once a condition holds of the spans.</summary>
    public Task UntilAsync(Func<bool> holds, string otherwise) => _bell.UntilAsync(holds, () => otherwise);

    public void Dispose() => _listener.Dispose();

    private void Add(Activity span, ConcurrentQueue<Activity> to)
    {
        if (span.TraceId == TraceId)
        {
            to.Enqueue(span);
            _bell.Ring();
        }
    }
}
