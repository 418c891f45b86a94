using System.ComponentModel;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET history</c>: what this proxy did in the last hour, step by step.</summary>
internal sealed class HistoryMethod : DocumentMethod<HistoryDocument>
{
    private readonly StatsHistory _history;

    public HistoryMethod(StatsHistory history)
        : base("GET", "history",
            "Returns what this proxy did in the last hour, in steps of ten seconds. Kept while there is a web console.")
    {
        (_history, IsPolled) = (history, true);
    }

    /// <inheritdoc/>
    protected override Task<(HistoryDocument Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var samples = _history.Samples;
        return Task.FromResult((new HistoryDocument((int)StatsHistory.Step.TotalSeconds, [.. samples.Select(HistorySample.Of)]),
            $"{samples.Count} samples"));
    }
}

/// <summary>The last hour of a proxy.</summary>
internal sealed record HistoryDocument(
    [property: Description("Seconds that one sample is about.")] int Step,
    [property: Description("The samples, the oldest first.")] IReadOnlyList<HistorySample> Samples);

/// <summary>One step of the last hour.</summary>
internal sealed record HistorySample(
    [property: Description("The end of the step.")] DateTimeOffset At,
    [property: Description("Its length.")] double Seconds,
    [property: Description("Requests in it.")] RequestStats Requests,
    [property: Description("Bytes of objects sent to clients.")] long Served,
    [property: Description("Bytes received from all remotes.")] long Fetched,
    [property: Description("Bytes in the cache at its end; null if they are not counted.")] long? CachedBytes,
    [property: Description("Fills under way at its end.")] long RunningFills,
    [property: Description("Requests to remotes that failed.")] long RemoteErrors,
    LatencyStats Latency)
{
    public static HistorySample Of(StatsSample of) => new(
        of.At, of.Seconds,
        new RequestStats(of.Local + of.Cache + of.Remote + of.Other, of.Local, of.Cache, of.Remote, of.Other),
        of.ServedBytes, of.FetchedBytes, of.CachedBytes, of.RunningFills, of.RemoteErrors,
        new LatencyStats(LatencyQuantiles.Of(of.Hits), LatencyQuantiles.Of(of.Misses), LatencyQuantiles.Of(of.Writes)));
}
