using S3Overlay.Benchmarks;

namespace S3Overlay.Tests.Shipping;

/// <summary>By these the benchmark calls a build worse.</summary>
public sealed class PairedRatiosTests
{
    /// <summary>Ranks as in tables of the binomial distribution, for the 95 % interval of a median.</summary>
    [Theory]
    [InlineData(6, 1)]
    [InlineData(8, 1)]
    [InlineData(9, 2)]
    [InlineData(10, 2)]
    [InlineData(20, 6)]
    [InlineData(30, 10)]
    [InlineData(100, 40)]
    public void The_interval_reaches_from_the_kth_smallest_to_the_kth_largest(int pairs, int rank)
    {
        var ratios = new PairedRatios(Enumerable.Range(1, pairs).Select(ratio => (double)ratio).Reverse());

        Assert.Equal((rank, pairs + 1 - rank), (ratios.Low, ratios.High));
        Assert.Equal((pairs + 1) / 2.0, ratios.Median);
    }

    [Fact]
    public void Five_pairs_have_no_interval() => Assert.Throws<ArgumentException>(() => new PairedRatios([1, 1, 1, 1, 1]));

    [Theory]
    [InlineData(Verdict.Worse, 1.04, 0.001)]
    [InlineData(Verdict.Unclear, 1.04, 0.01)]
    [InlineData(Verdict.NoWorse, 1.02, 0.001)]
    [InlineData(Verdict.NoWorse, 1.00, 0.002)]
    [InlineData(Verdict.NoWorse, 0.50, 0.01)]
    [InlineData(Verdict.Unclear, 1.00, 0.02)]
    public void Worse_is_more_than_3_percent_with_an_interval_that_excludes_1(Verdict expected, double median, double step) =>
        Assert.Equal(expected, new PairedRatios(Enumerable.Range(0, 20).Select(i => median + ((i - 9.5) * step))).Verdict);
}
