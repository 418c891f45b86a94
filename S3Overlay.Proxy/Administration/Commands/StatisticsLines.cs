using System.Globalization;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>Statistics in words.</summary>
internal static class StatisticsLines
{
    /// <summary>Four lines for the end of <c>serve</c>; none if nothing was requested.</summary>
    public static IReadOnlyList<string> Short(ProxyStatistics statistics) =>
        statistics.Requests == 0 ? [] : Short(StatsDocument.Of(statistics));

    /// <summary>All numbers, a line each.</summary>
    public static IReadOnlyList<string> Of(StatsDocument of) =>
    [
        Line("since", $"{Words.Time(of.Since)}, {Duration(of.Uptime)} ago"),
        Line("requests", Number(of.Requests.Total)),
        Line("  from the cache", Number(of.Requests.Cache)),
        Line("  from the remote", Number(of.Requests.Remote)),
        Line("  local reads", Number(of.Requests.Local)),
        Line("  other", Number(of.Requests.Other)),
        Line("hit ratio", $"{Percent(of.HitRatio)} of requests, {Percent(of.ByteHitRatio)} of bytes"),
        Line("bytes served", Words.Size(of.Bytes.Served)),
        Line("bytes fetched", Words.Size(of.Bytes.Fetched)),
        Line("bytes saved", Words.Size(of.Bytes.Saved)),
        Line("hits", Quantiles(of.Latency.Hits)),
        Line("misses", Quantiles(of.Latency.Misses)),
        Line("writes", Quantiles(of.Latency.Writes)),
        Line("cache", of.CachedBytes is { } bytes ? Words.Size(bytes) : "-"),
        Line("evictions", Number(of.Evictions)),
        Line("fills running", Number(of.RunningFills)),
        Line("remote errors", Number(of.RemoteErrors)),
    ];

    private static IReadOnlyList<string> Short(StatsDocument of) =>
    [
        $"requests   {of.Requests.Total} in {Duration(of.Uptime)}: {of.Requests.Cache} from the cache, {of.Requests.Remote} from the "
            + $"remote, {Words.Count(of.Requests.Local, "local read")}, {of.Requests.Other} other",
        $"hit ratio  {Percent(of.HitRatio)} of requests, {Percent(of.ByteHitRatio)} of bytes; {Words.Size(of.Bytes.Served)} served, "
            + $"{Words.Size(of.Bytes.Fetched)} fetched, {Words.Size(of.Bytes.Saved)} saved",
        $"latency    hits {Pair(of.Latency.Hits)}, misses {Pair(of.Latency.Misses)}, writes {Pair(of.Latency.Writes)} (p50/p99)",
        $"cache      {(of.CachedBytes is { } bytes ? Words.Size(bytes) : "-")}, {Words.Count(of.Evictions, "eviction")}, "
            + $"{Words.Count(of.RunningFills, "fill")} running, {Words.Count(of.RemoteErrors, "error")} of the remote",
    ];

    private static string Line(string name, string value) => $"{name,-18}{value}";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double? share) =>
        share is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known * 100:0.#} %") : "-";

    private static string Quantiles(LatencyQuantiles of) => $"p50 {Latency(of.P50)}, p99 {Latency(of.P99)}";

    private static string Pair(LatencyQuantiles of) => $"{Latency(of.P50)}/{Latency(of.P99)}";

    /// <summary>A duration of the length of a request: <c>1.25 ms</c>.</summary>
    private static string Latency(double? seconds) => seconds switch
    {
        null => "-",
        < 0.001 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:0} us"),
        < 0.01 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.##} ms"),
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.##} s"),
    };

    /// <summary>A longer duration: <c>3 h 25 min</c>, <c>4 min 5 s</c>.</summary>
    private static string Duration(long seconds) => seconds switch
    {
        >= 86_400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400} d {seconds % 86_400 / 3600} h"),
        >= 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h {seconds % 3600 / 60} min"),
        >= 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min {seconds % 60} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
    };
}
