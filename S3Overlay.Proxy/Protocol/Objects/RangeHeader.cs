using System.Globalization;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>A Range header as S3 reads it: one byte range, or nothing.</summary>
/// <remarks>RFC 9110, section 14. S3 ignores malformed headers, and answers several ranges with the whole object (rule R6).</remarks>
public readonly record struct RangeHeader
{
    private RangeHeader(long? first, long? last, long? suffix) => (First, Last, Suffix) = (first, last, suffix);

    /// <summary>The first byte; null for a suffix.</summary>
    public long? First { get; }

    /// <summary>The last byte, inclusive; null for the rest from <see cref="First"/>.</summary>
    public long? Last { get; }

    /// <summary>The number of bytes at the object's end, or null.</summary>
    public long? Suffix { get; }

    /// <summary>Parses the header.</summary>
    /// <returns>Null if it is absent, malformed, or names several ranges: send the whole object.</returns>
    public static RangeHeader? Parse(string? header)
    {
        const string Unit = "bytes=";
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var spec = header.AsSpan(Unit.Length).Trim();
        var dash = spec.IndexOf('-');
        if (dash < 0 || spec.Contains(','))
        {
            return null;
        }

        var left = spec[..dash];
        var right = spec[(dash + 1)..];
        if (left.IsEmpty)
        {
            return TryNumber(right, out var suffix) ? new RangeHeader(null, null, suffix) : null;
        }

        if (!TryNumber(left, out var first))
        {
            return null;
        }

        if (right.IsEmpty)
        {
            return new RangeHeader(first, null, null);
        }

        return TryNumber(right, out var last) && first <= last ? new RangeHeader(first, last, null) : null;
    }

    /// <summary>The range within an object of <paramref name="size"/> bytes; null if it has none of these bytes (416).</summary>
    public ByteRange? Resolve(long size)
    {
        if (Suffix is { } suffix)
        {
            return suffix == 0 || size == 0 ? null : new ByteRange(Math.Max(0, size - suffix), size - 1);
        }

        return First >= size ? null : new ByteRange(First!.Value, Math.Min(Last ?? long.MaxValue, size - 1));
    }

    /// <summary>A number above 63 bits counts as infinite.</summary>
    private static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            number = long.MaxValue;
        }

        return true;
    }
}

/// <summary>A range of bytes, both ends included.</summary>
public readonly record struct ByteRange(long First, long Last)
{
    /// <summary>The number of bytes.</summary>
    public long Length => Last - First + 1;
}
