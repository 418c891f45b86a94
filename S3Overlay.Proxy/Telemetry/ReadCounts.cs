using System.Diagnostics.Metrics;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Counts reads of objects by layer and cache result (rule T4), their bytes, and the durations of hits, misses and writes. Plain cells: one
/// request costs three interlocked operations and allocates nothing.
/// </summary>
internal sealed class ReadCounts
{
    /// <summary>The quantiles that are shown.</summary>
    private static readonly (string Label, double Share)[] Quantiles = [("0.5", 0.5), ("0.99", 0.99)];

    private static readonly string[] Layers = ["local", "cache", "remote", "none"];
    private static readonly string[] Results = ["HIT", "MISS", "REVALIDATED", "STALE", "BYPASS", "none"];

    private readonly long[] _reads = new long[Layers.Length * Results.Length];
    private readonly long[] _sent = new long[Layers.Length];

    /// <summary>Reads that fresh entries answered.</summary>
    public LatencyHistogram Hits { get; } = new();

    /// <summary>Reads that needed the remote's bytes.</summary>
    public LatencyHistogram Misses { get; } = new();

    /// <summary>Writes and deletes of objects and parts.</summary>
    public LatencyHistogram Writes { get; } = new();

    /// <summary>Counts a finished request. A failed one has no duration here: an error that comes at once is no fast hit.</summary>
    /// <param name="layer">
    /// <c>local</c>, <c>cache</c> or <c>remote</c>; null for what is not a read of an object in an overlaid bucket.
    /// </param>
    /// <param name="cache"><c>HIT</c>, <c>MISS</c> ...; null for a local object.</param>
    public void Add(S3Operation operation, int status, string? layer, string? cache, long sent, TimeSpan duration)
    {
        var at = layer is null ? Layers.Length - 1 : IndexOf(Layers, layer);
        Interlocked.Add(ref _sent[at], sent);
        if (layer is not null)
        {
            var result = cache is null ? Results.Length - 1 : IndexOf(Results, cache);
            Interlocked.Increment(ref _reads[(at * Results.Length) + result]);
        }

        if (status < 400 && (layer is null ? IsWrite(operation) ? Writes : null : cache == "HIT" ? Hits : cache == "MISS" ? Misses : null)
            is { } histogram)
        {
            histogram.Record(duration);
        }
    }

    /// <summary>Reads that a layer answered.</summary>
    public long ReadsOf(string layer)
    {
        var first = IndexOf(Layers, layer) * Results.Length;
        var sum = 0L;
        for (var at = first; at < first + Results.Length; at++)
        {
            sum += Volatile.Read(ref _reads[at]);
        }

        return sum;
    }

    /// <summary>Bytes of bodies from a layer; <c>none</c> for those that are not objects.</summary>
    public long SentOf(string layer) => Volatile.Read(ref _sent[IndexOf(Layers, layer)]);

    /// <summary>Shows the counts as metrics.</summary>
    public void Show(Meter meter)
    {
        meter.CreateObservableCounter("s3_overlay_object_reads_total", Reads,
            description: "Objects read in buckets with a remote, by layer and cache result.");
        meter.CreateObservableCounter("s3_overlay_sent_bytes_total",
            () => Layers.Select(layer => new Measurement<long>(SentOf(layer), new KeyValuePair<string, object?>("layer", layer))), "By",
            "Bytes of response bodies sent, by the layer they are from; none: not an object.");
        meter.CreateObservableGauge("s3_overlay_latency_seconds", Latencies, "s",
            "Durations of successful requests since the start, body included: quantiles of hits, misses and writes.");
    }

    private static bool IsWrite(S3Operation operation) => operation is S3Operation.PutObject or S3Operation.PostObject
        or S3Operation.CopyObject or S3Operation.DeleteObject or S3Operation.DeleteObjects or S3Operation.UploadPart
        or S3Operation.UploadPartCopy or S3Operation.CompleteMultipartUpload;

    /// <summary>Unknown names count as the last one.</summary>
    private static int IndexOf(string[] names, string name)
    {
        var at = 0;
        while (at < names.Length - 1 && names[at] != name)
        {
            at++;
        }

        return at;
    }

    private IEnumerable<Measurement<long>> Reads() =>
        from layer in Enumerable.Range(0, Layers.Length)
        from result in Enumerable.Range(0, Results.Length)
        let count = Volatile.Read(ref _reads[(layer * Results.Length) + result])
        where count > 0
        select new Measurement<long>(count, new("layer", Layers[layer]), new("cache", Results[result]));

    private IEnumerable<Measurement<double>> Latencies() =>
        from histogram in ((string Kind, LatencyHistogram Durations)[])[("hit", Hits), ("miss", Misses), ("write", Writes)]
        from quantile in Quantiles
        let duration = histogram.Durations.Quantile(quantile.Share)
        where duration is not null
        select new Measurement<double>(duration.Value.TotalSeconds, new("kind", histogram.Kind), new("quantile", quantile.Label));
}
