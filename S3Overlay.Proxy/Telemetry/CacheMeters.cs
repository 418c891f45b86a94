using System.Diagnostics.Metrics;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>What is held, counted by the layer that holds it and asked for when somebody reads the meters.</summary>
public static class CacheMeters
{
    /// <summary>Makes the instruments.</summary>
    /// <param name="meter">The meter they belong to.</param>
    /// <param name="bytes">How many bytes are held.</param>
    /// <param name="evictions">How many copies were evicted so far.</param>
    public static void Observe(Meter meter, Func<long> bytes, Func<long> evictions)
    {
        meter.CreateObservableUpDownCounter("s3_overlay_cache_bytes", bytes, description: "Bytes of the remote's objects that are held.");
        meter.CreateObservableCounter("s3_overlay_evictions_total", evictions, description: "Held copies that were taken away to stay within the bound.");
    }
}
