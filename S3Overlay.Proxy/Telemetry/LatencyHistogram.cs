using System.Numerics;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Counts durations on a logarithmic scale: sixteen buckets for each doubling, so a quantile is at most 1/16 too high. Recording is one
/// interlocked increment and allocates nothing. Memory is fixed: 8 KB.
/// </summary>
public sealed class LatencyHistogram
{
    /// <summary>Buckets per doubling, as a power of two.</summary>
    private const int StepBits = 4;

    private const int Steps = 1 << StepBits;

    private readonly long[] _buckets = new long[BucketOf(long.MaxValue) + 1];

    /// <summary>Records a duration.</summary>
    public void Record(TimeSpan duration) => Interlocked.Increment(ref _buckets[BucketOf(Math.Max(0, duration.Ticks))]);

    /// <summary>The duration that a share of all durations does not exceed; null if nothing was recorded.</summary>
    /// <param name="share">For instance 0.5 for the median.</param>
    public TimeSpan? Quantile(double share)
    {
        return Quantile(Counts(), share);
    }

    /// <summary>How many durations each bucket has.</summary>
    internal long[] Counts() => Array.ConvertAll(_buckets, static bucket => bucket);

    /// <summary>The same of the counts of buckets.</summary>
    internal static TimeSpan? Quantile(long[] counts, double share)
    {
        var rank = (long)Math.Ceiling(share * counts.Sum());
        for (var (bucket, seen) = (0, 0L); bucket < counts.Length; bucket++)
        {
            seen += counts[bucket];
            if (seen > 0 && seen >= rank)
            {
                return TimeSpan.FromTicks(LastOf(bucket));
            }
        }

        return null;
    }

    /// <summary>Values below <see cref="Steps"/> have a bucket each. A larger one is known by its highest five bits.</summary>
    private static int BucketOf(long ticks)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)ticks) - StepBits);
        return (shift * Steps) + (int)(ticks >> shift);
    }

    /// <summary>The largest value of a bucket.</summary>
    private static long LastOf(int bucket)
    {
        var shift = Math.Max(0, (bucket / Steps) - 1);
        return (((long)bucket - (shift * Steps) + 1) << shift) - 1;
    }
}
