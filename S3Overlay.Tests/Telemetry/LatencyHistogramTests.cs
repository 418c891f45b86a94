using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Tests.Telemetry;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void An_empty_one_has_no_quantile() => Assert.Null(new LatencyHistogram().Quantile(0.5));

    /// <summary>A quantile is never below the true one, and at most a sixteenth above it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(10_000)]
    [InlineData(1_234_567)]
    [InlineData(864_000_000_000)]
    [InlineData(long.MaxValue)]
    public void One_duration_is_every_quantile_within_a_sixteenth(long ticks)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromTicks(ticks));
        Assert.InRange(histogram.Quantile(0.01)!.Value.Ticks, ticks, ticks > long.MaxValue / 2 ? long.MaxValue : ticks + (ticks / 16));
        Assert.Equal(histogram.Quantile(0.01), histogram.Quantile(1));
    }

    [Fact]
    public void Quantiles_are_those_of_the_sorted_durations()
    {
        var random = new Random(1);
        var histogram = new LatencyHistogram();
        var durations = Enumerable.Range(0, 10_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20)).Order().ToArray();
        foreach (var ticks in durations)
        {
            histogram.Record(TimeSpan.FromTicks(ticks));
        }

        foreach (var share in (double[])[0.1, 0.5, 0.9, 0.99])
        {
            var exact = durations[(int)Math.Ceiling(share * durations.Length) - 1];
            Assert.InRange(histogram.Quantile(share)!.Value.Ticks, exact, exact + (exact / 16));
        }
    }

    [Fact]
    public void A_negative_duration_counts_as_none()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromTicks(-5));
        Assert.Equal(TimeSpan.Zero, histogram.Quantile(1));
    }
}
