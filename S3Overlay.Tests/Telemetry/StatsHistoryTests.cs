using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>The samples of the last hour.</summary>
public sealed class StatsHistoryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(3600)]
    public void A_sample_has_its_length_whatever_happens_to_the_time_of_day(int back)
    {
        var time = new ManualTimeProvider();
        using var meters = new ProxyMeters(time);
        using var history = new StatsHistory(meters, time);
        history.Start();

        time.SetBack(TimeSpan.FromSeconds(back));
        time.Advance(StatsHistory.Step);

        Assert.Equal(10, Assert.Single(history.Samples).Seconds);
    }
}
