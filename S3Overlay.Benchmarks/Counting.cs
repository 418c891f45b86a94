using System.Diagnostics;
using System.Globalization;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Benchmarks;

/// <summary>What the counting of one cached GET costs: every number of the metrics and statistics, in a loop on one thread.</summary>
public static class Counting
{
    private const int Requests = 5_000_000;
    private const int Runs = 7;

    /// <summary>Measures, and prints the best, the median and the worst run.</summary>
    public static int Run()
    {
        using var meters = new ProxyMeters();
        using var page = new MetricsPage(meters.Meter);
        Count(meters);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Count(meters);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var times = new double[Runs];
        for (var run = 0; run < Runs; run++)
        {
            var started = Stopwatch.GetTimestamp();
            Count(meters);
            times[run] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / Requests;
        }

        Array.Sort(times);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Counting a cached GET, {Requests} times in each of {Runs} runs: best {times[0]:F0} ns, median {times[Runs / 2]:F0} ns, "
            + $"worst {times[^1]:F0} ns; {allocated} bytes allocated in a run."));
        return 0;
    }

    private static void Count(ProxyMeters meters)
    {
        for (var i = 0; i < Requests; i++)
        {
            meters.RequestFinished(meters.RequestStarted(), S3Operation.GetObject, 200, "cache", "HIT", 1000);
        }
    }
}
