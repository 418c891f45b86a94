using System.Globalization;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Whole numbers in requests. The framework's parser ignores NUL characters behind the digits (<c>1%00</c>); here they make the text no
/// number.
/// </summary>
public static class WholeNumbers
{
    /// <summary>Reads digits, and nothing but digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        return !text.ContainsAnyExceptInRange('0', '9') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Reads digits, and nothing but digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        return !text.ContainsAnyExceptInRange('0', '9') && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Reads digits with a sign before them or none.</summary>
    public static bool TryParseSigned(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        return !text.Contains('\0') && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}
