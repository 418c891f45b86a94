using System.Globalization;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Tests.Hosting;

public sealed class MetricsTests
{
    [Fact]
    public void Requests_are_counted_by_operation_and_status()
    {
        using var meters = new ProxyMeters();
        using var page = new MetricsPage(meters.Meter);
        var running = meters.RequestStarted();
        meters.RequestFinished(meters.RequestStarted(), S3Operation.GetObject, 200);
        meters.RequestFinished(meters.RequestStarted(), S3Operation.GetObject, 200);
        meters.RequestFinished(meters.RequestStarted(), S3Operation.PutObject, 503);

        var lines = page.Render().Split('\n');

        Assert.Contains("# TYPE s3_overlay_requests_total counter", lines);
        Assert.Contains("s3_overlay_requests_total{operation=\"GetObject\",status=\"200\"} 2", lines);
        Assert.Contains("s3_overlay_requests_total{operation=\"PutObject\",status=\"503\"} 1", lines);
        Assert.Contains("s3_overlay_requests_error_total{operation=\"PutObject\",status=\"503\"} 1", lines);
        Assert.DoesNotContain(
            lines, line => line.StartsWith("s3_overlay_requests_error_total{operation=\"GetObject\"", StringComparison.Ordinal));
        Assert.Contains("# TYPE s3_overlay_requests_in_progress gauge", lines);
        Assert.Contains("s3_overlay_requests_in_progress 1", lines);
        meters.RequestFinished(running, S3Operation.GetObject, 200);
        Assert.Contains("s3_overlay_requests_in_progress 0", page.Render().Split('\n'));
    }

    [Fact]
    public void Durations_are_a_histogram_whose_buckets_add_up()
    {
        using var meters = new ProxyMeters();
        using var page = new MetricsPage(meters.Meter);
        for (var i = 0; i < 3; i++)
        {
            meters.RequestFinished(meters.RequestStarted(), S3Operation.HeadObject, 200);
        }

        var lines = page.Render().Split('\n');

        Assert.Contains("# TYPE s3_overlay_request_duration_seconds histogram", lines);
        Assert.Contains("s3_overlay_request_duration_seconds_bucket{operation=\"HeadObject\",le=\"+Inf\"} 3", lines);
        Assert.Contains("s3_overlay_request_duration_seconds_count{operation=\"HeadObject\"} 3", lines);
        var buckets = lines.Where(line => line.StartsWith("s3_overlay_request_duration_seconds_bucket", StringComparison.Ordinal))
            .Select(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(buckets.Order(), buckets);
    }

    [Fact]
    public void The_page_stays_small_whatever_is_asked()
    {
        using var meters = new ProxyMeters();
        using var page = new MetricsPage(meters.Meter);
        foreach (var operation in Enum.GetValues<S3Operation>())
        {
            for (var status = -5; status < 2000; status += 5)
            {
                meters.RequestFinished(meters.RequestStarted(), operation, status);
            }
        }

        var labels = page.Render().Split('\n').Where(line => line.Contains('{', StringComparison.Ordinal))
            .SelectMany(line => line[(line.IndexOf('{') + 1)..line.IndexOf('}')].Split(',')).Select(label => label.Split('=')[0])
                .Distinct();

        Assert.Equal(["kind", "layer", "le", "operation", "quantile", "status"], labels.Order());
        Assert.InRange(page.Render().Length, 1, 2_000_000);
    }

    [Fact]
    public void A_page_shows_only_its_own_proxy()
    {
        using var mine = new ProxyMeters();
        using var other = new ProxyMeters();
        using var page = new MetricsPage(mine.Meter);
        other.RequestFinished(other.RequestStarted(), S3Operation.GetObject, 200, "cache", "HIT");
        mine.RequestFinished(mine.RequestStarted(), S3Operation.GetObject, 200, "remote", "MISS");

        Assert.Contains("s3_overlay_object_reads_total{layer=\"remote\",cache=\"MISS\"} 1", page.Render(), StringComparison.Ordinal);
        Assert.DoesNotContain("HIT", page.Render(), StringComparison.Ordinal);
    }
}
