namespace S3Overlay.Benchmarks;

/// <summary>The verdict of paired measurements on a new build compared with an old one.</summary>
public enum Verdict
{
    /// <summary>The whole interval is within what is allowed.</summary>
    NoWorse,

    /// <summary>The interval reaches above what is allowed, but proves nothing.</summary>
    Unclear,

    /// <summary>The median is above what is allowed, and the interval excludes 1.</summary>
    Worse,
}

/// <summary>
/// The median of ratios, and its 95 % interval. The interval is the sign test's: it reaches from the k-th smallest ratio to the k-th
/// largest, with the largest k for which that covers the true median with at least 95 % (k = 6 of 20). It assumes no distribution, so
/// neither outliers nor a machine that is busy at times can make it too narrow.
/// </summary>
public sealed class PairedRatios
{
    /// <summary>A ratio above this is worse: 3 %.</summary>
    public const double Allowed = 1.03;

    /// <summary>Fewer pairs have no 95 % interval.</summary>
    public const int FewestPairs = 6;

    /// <summary>Takes the ratios of the pairs, new to old: above 1, the new one costs more.</summary>
    /// <exception cref="ArgumentException">There are fewer than <see cref="FewestPairs"/>.</exception>
    public PairedRatios(IEnumerable<double> ratios)
    {
        var sorted = ratios.Order().ToList();
        if (sorted.Count < FewestPairs)
        {
            throw new ArgumentException($"{sorted.Count} pairs have no 95 % interval. It takes at least {FewestPairs}.");
        }

        var rank = Rank(sorted.Count);
        Median = (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
        (Low, High) = (sorted[rank - 1], sorted[^rank]);
    }

    public double Median { get; }

    /// <summary>The lower end of its 95 % interval.</summary>
    public double Low { get; }

    /// <summary>The upper end.</summary>
    public double High { get; }

    /// <summary>The verdict.</summary>
    public Verdict Verdict => Median > Allowed && Low > 1 ? Verdict.Worse : High > Allowed ? Verdict.Unclear : Verdict.NoWorse;

    /// <summary>
    /// The largest k for which no more than 2.5 % of fair coins, thrown <paramref name="pairs"/> times, show heads fewer than k times.
    /// </summary>
    private static int Rank(int pairs)
    {
        var rank = 0;
        var chance = Math.Pow(0.5, pairs);
        for (var sum = chance; sum <= 0.025; sum += chance)
        {
            rank++;
            chance *= (double)(pairs - rank + 1) / rank;
        }

        return rank;
    }
}
