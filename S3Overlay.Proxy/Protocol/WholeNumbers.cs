using System.Globalization;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Parses whole numbers in requests. The framework's parser ignores NUL characters after the digits (<c>1%00</c>); here they are an error.
/// </summary>
public static class WholeNumbers
{
    /// <summary>Parses digits and nothing else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        return !text.ContainsAnyExceptInRange('0', '9') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Parses digits and nothing else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        return !text.ContainsAnyExceptInRange('0', '9') && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Parses digits with an optional sign.</summary>
    public static bool TryParseSigned(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        return !text.Contains('\0') && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}
