using System.Globalization;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>Durations as people write them: <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>; a bare number is seconds.</summary>
public static class Durations
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>Reads a duration of zero or more.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static TimeSpan Parse(string text)
    {
        var number = text.AsSpan().Trim();
        var unitSeconds = 1d;
        foreach (var (suffix, seconds) in Units)
        {
            if (number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                unitSeconds = seconds;
                number = number[..^suffix.Length].TrimEnd();
                break;
            }
        }

        // 20,000 days: far more than anybody waits, and still a time-out that the runtime's timers can hold. NaN, which is read as a
        // number, is no more than anything.
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            || !(count * unitSeconds <= 20_000d * 86400))
        {
            throw new FormatException("not a duration. Give seconds (10), or a duration with its unit (500ms, 10s, 5m, 2h).");
        }

        return TimeSpan.FromSeconds(count * unitSeconds);
    }

    /// <summary>Reads a duration longer than nothing.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static TimeSpan ParsePositive(string text)
    {
        // A timer that is due in more than 24 days does not exist.
        var duration = Parse(text);
        return duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(20)
            ? duration
            : throw new FormatException("must be longer than zero and at most 20d.");
    }
}
