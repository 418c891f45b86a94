using System.Globalization;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>Sizes as people write them: <c>52428800</c>, <c>50MiB</c>, <c>50MB</c>.</summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("B", 1),
    ];

    /// <summary>Parses a size in bytes, with an optional unit.</summary>
    /// <exception cref="FormatException">Anything else; a bare <c>M</c> too, which means two things.</exception>
    public static long Parse(string text)
    {
        var number = text.Trim();
        var (suffix, factor) = Array.Find(Units, unit => number.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase));
        factor = Math.Max(factor, 1);
        number = number[..^(suffix?.Length ?? 0)].TrimEnd();
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > long.MaxValue / factor)
        {
            throw new FormatException("not a size. Give bytes (52428800), or a size with its unit (50MiB, 50MB).");
        }

        return count * factor;
    }

    /// <summary>The size in the largest binary unit that shows it without a fraction.</summary>
    public static string Format(long bytes)
    {
        for (var i = 3; i >= 0; i--)
        {
            if (bytes >= Units[i].Factor && bytes % Units[i].Factor == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / Units[i].Factor} {Units[i].Suffix}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
    }
}
