using System.Globalization;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary>Reads the parameters of <c>warm</c>.</summary>
internal static class WarmParameters
{
    private static readonly (string Unit, long Factor)[] Sizes =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    /// <summary>A moment, or how long ago; null for none.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static DateTimeOffset? NewerThan(string? text, DateTimeOffset now)
    {
        if (text is null)
        {
            return null;
        }

        if (text.Length > 1 && WholeNumbers.TryParse(text.AsSpan(0, text.Length - 1), out int number))
        {
            var days = text[^1] switch { 's' => 1.0 / 86_400, 'm' => 1.0 / 1440, 'h' => 1.0 / 24, 'd' => 1, 'w' => 7, _ => 0 };
            if (days > 0 && number * days < 36_500)
            {
                return now - TimeSpan.FromDays(number * days);
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment
            : throw CallParameters.Wrong("newer-than", "is a time such as 2026-11-26T00:00:00Z, or an age such as 36h or 7d");
    }

    /// <summary>Patterns, one a line.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static KeyFilter Filter(string? include, string? exclude)
    {
        try
        {
            return new KeyFilter(include?.Split('\n') ?? [], exclude?.Split('\n') ?? []);
        }
        catch (FormatException wrong)
        {
            throw CallParameters.Wrong(include is null ? "exclude" : "include", $"is no list of patterns: {wrong.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Ranges: <c>head:64KiB,tail:1MiB</c>.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static IReadOnlyList<RangeHeader> Ranges(string? text)
    {
        var ranges = new List<RangeHeader>();
        foreach (var part in text?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        {
            var (kind, size) = part.Split(':') is [var name, var number] ? (name, SizeOf(number)) : ("", 0);
            var header = size <= 0 ? null : kind switch
            {
                "head" => FormattableString.Invariant($"bytes=0-{size - 1}"),
                "tail" => FormattableString.Invariant($"bytes=-{size}"),
                _ => null,
            };
            ranges.Add(RangeHeader.Parse(header) ?? throw CallParameters.Wrong("ranges", "is a list such as head:64KiB,tail:1MiB"));
        }

        return ranges;
    }

    private static long SizeOf(string text)
    {
        var (unit, factor) = Array.Find(Sizes, size => text.EndsWith(size.Unit, StringComparison.OrdinalIgnoreCase));
        return WholeNumbers.TryParse(text.AsSpan(0, text.Length - (unit?.Length ?? 0)).TrimEnd(), out long number)
            && number <= long.MaxValue / Math.Max(1, factor) ? number * Math.Max(1, factor) : 0;
    }
}
