using System.Globalization;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>A Range header as S3 reads it: one range of bytes, or nothing.</summary>
/// <remarks>RFC 9110, section 14; S3 ignores a malformed header and answers several ranges with the whole object (rule R6).</remarks>
public readonly record struct RangeHeader
{
    private RangeHeader(long? first, long? last, long? suffix) => (First, Last, Suffix) = (first, last, suffix);

    /// <summary>The first byte wanted, or null for a suffix.</summary>
    public long? First { get; }

    /// <summary>The last byte wanted, inclusive, or null for all from <see cref="First"/> on.</summary>
    public long? Last { get; }

    /// <summary>How many bytes are wanted of the object's end, or null.</summary>
    public long? Suffix { get; }

    /// <summary>Reads the header.</summary>
    /// <returns>Null where there is none, it is malformed, or it names several ranges: the whole object is wanted.</returns>
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

    /// <summary>The bytes wanted of an object of <paramref name="size"/> bytes, or null where none of them exist (416).</summary>
    public ByteRange? Resolve(long size)
    {
        if (Suffix is { } suffix)
        {
            return suffix == 0 || size == 0 ? null : new ByteRange(Math.Max(0, size - suffix), size - 1);
        }

        return First >= size ? null : new ByteRange(First!.Value, Math.Min(Last ?? long.MaxValue, size - 1));
    }

    /// <summary>A number too large for 63 bits is as good as endless, and is read as such.</summary>
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

/// <summary>Bytes of an object, both ends included.</summary>
/// <param name="First">The first byte's position.</param>
/// <param name="Last">The last byte's position; not before <paramref name="First"/>.</param>
public readonly record struct ByteRange(long First, long Last)
{
    /// <summary>How many bytes these are.</summary>
    public long Length => Last - First + 1;
}
