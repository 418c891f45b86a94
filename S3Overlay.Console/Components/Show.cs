using System.Globalization;

namespace S3Overlay.WebConsole.Components;

/// <summary>Numbers and times as people read them.</summary>
internal static class Show
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A size: <c>1.5 GiB</c>.</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (bytes >= 1000 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return bytes.ToString(unit > 0 && bytes < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>A number with separators: <c>12,345</c>.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A rate: <c>12.3</c>.</summary>
    public static string Rate(double rate) =>
        rate.ToString(rate < 10 ? "0.##" : rate < 100 ? "0.#" : "N0", CultureInfo.InvariantCulture);

    /// <summary>A share: <c>82 %</c>; null without one.</summary>
    public static string? Share(double? share) =>
        share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value * 100)} %") : null;

    /// <summary>A duration in seconds: <c>4.2 ms</c>.</summary>
    public static string Duration(double? seconds) => seconds switch
    {
        null => "–",
        < 0.001 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:0} µs"),
        < 0.01 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.0} ms"),
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
    };

    /// <summary>A date: <c>2026-11-26 07:21</c>, in UTC.</summary>
    public static string Date(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>How long something has lasted: <c>3 h 20 min</c>.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } => $"{span.Days} d {span.Hours} h",
        { TotalHours: >= 1 } => $"{span.Hours} h {span.Minutes} min",
        { TotalMinutes: >= 1 } => $"{span.Minutes} min {span.Seconds} s",
        _ => $"{span.Seconds} s",
    };
}
