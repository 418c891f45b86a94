using System.Globalization;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>Durations as people write them: <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>; a bare number is seconds.</summary>
public static class Durations
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>Parses a duration of zero or more.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static TimeSpan Parse(string text)
    {
        var number = text.Trim();
        var (suffix, seconds) = Array.Find(Units, unit => number.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase));
        seconds = suffix is null ? 1 : seconds;
        number = number[..^(suffix?.Length ?? 0)].TrimEnd();

        // At most 20,000 days, which TimeSpan can hold. The negated comparison also refuses NaN.
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            || !(count * seconds <= 20_000d * 86400))
        {
            throw new FormatException("not a duration. Give seconds (10), or a duration with its unit (500ms, 10s, 5m, 2h).");
        }

        return TimeSpan.FromSeconds(count * seconds);
    }

    /// <summary>Parses a duration above zero, at most 20 days.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static TimeSpan ParsePositive(string text)
    {
        // The runtime's timers reach 24 days.
        var duration = Parse(text);
        return duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(20)
            ? duration
            : throw new FormatException("must be longer than zero and at most 20d.");
    }
}
