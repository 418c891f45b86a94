namespace S3Overlay.Benchmarks;

/// <summary>Figures of several measurements.</summary>
public static class Statistics
{
    /// <summary>The median.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
