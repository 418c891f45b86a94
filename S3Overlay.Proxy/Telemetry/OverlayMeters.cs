using System.Diagnostics.Metrics;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>Counts fills, coalesced reads, revalidations and tombstones. Labels are bounded: an outcome, never a bucket or key.</summary>
public sealed class OverlayMeters
{
    private readonly Counter<long> _fills;
    private readonly Counter<long> _coalesced;
    private readonly Counter<long> _tombstones;
    private readonly Counter<long> _revalidations;
    private readonly Counter<long> _drift;
    private long _running;

    /// <summary>Creates the instruments.</summary>
    public OverlayMeters(Meter meter)
    {
        _fills = meter.CreateCounter<long>("s3_overlay_fills_total", description: "Fills from the remote that ended, by how they ended.");
        _coalesced = meter.CreateCounter<long>("s3_overlay_coalesced_reads_total",
            description: "Reads that waited for another read's request to the remote.");
        _tombstones = meter.CreateCounter<long>("s3_overlay_tombstones_total", description: "Tombstones written.");
        _drift = meter.CreateCounter<long>(
            "s3_overlay_drift_total", description: "How often the remote had another version than a frozen cache entry.");
        _revalidations = meter.CreateCounter<long>("s3_overlay_revalidations_total",
            description: "Questions to the remote whether a held copy is current, by what it said.");
        meter.CreateObservableUpDownCounter("s3_overlay_fills_in_progress", () => Volatile.Read(ref _running),
            description: "Fills under way.");
    }

    /// <summary>A fill begins.</summary>
    public void FillStarted() => Interlocked.Increment(ref _running);

    /// <summary>A fill has ended.</summary>
    /// <param name="outcome">How: one of <see cref="Outcomes"/>.</param>
    public void FillEnded(string outcome)
    {
        Interlocked.Decrement(ref _running);
        _fills.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
    }

    /// <summary>A read waited for a request of another read.</summary>
    public void ReadCoalesced() => _coalesced.Add(1);

    /// <summary>A cache entry was revalidated.</summary>
    /// <param name="outcome">The result: same, changed, gone or unknown.</param>
    public void Revalidated(string outcome) => _revalidations.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>The remote has another version than a frozen cache entry.</summary>
    public void Drifted() => _drift.Add(1);

    /// <summary>A tombstone was written.</summary>
    public void TombstoneWritten() => _tombstones.Add(1);
}
