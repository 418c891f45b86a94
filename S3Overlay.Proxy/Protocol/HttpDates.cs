using System.Globalization;

namespace S3Overlay.Proxy.Protocol;

/// <summary>Dates in HTTP headers and S3's XML.</summary>
public static class HttpDates
{
    /// <summary>RFC 9110's IMF-fixdate: <c>Sun, 06 Nov 1994 08:49:37 GMT</c>.</summary>
    public static string Header(DateTimeOffset date) => date.ToUniversalTime().ToString("r", CultureInfo.InvariantCulture);

    /// <summary>Characters of a date in XML.</summary>
    public const int XmlLength = 24;

    /// <summary>Writes a date for XML: <c>1994-11-06T08:49:37.000Z</c>. Returns <see cref="XmlLength"/>.</summary>
    public static int WriteXml(DateTimeOffset date, Span<byte> result)
    {
        // Seven digits of a second, of which XML has three.
        Span<byte> bytes = stackalloc byte[28];
        date.UtcDateTime.TryFormat(bytes, out _, "O", CultureInfo.InvariantCulture);
        bytes[..(XmlLength - 1)].CopyTo(result);
        result[XmlLength - 1] = (byte)'Z';
        return XmlLength;
    }

    /// <summary>The same as text.</summary>
    public static string Xml(DateTimeOffset date) =>
        date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// Parses a date and time of ISO 8601 in a request, with or without fractions of a second, which are cut to milliseconds. Without a
    /// zone, it is UTC.
    /// </summary>
    public static bool TryParseXml(string? text, out DateTimeOffset date)
    {
        var isDate = DateTimeOffset.TryParseExact(text?.Trim(), ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyyMMdd'T'HHmmssK"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date);
        date = new(date.UtcTicks - (date.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        return isDate;
    }

    /// <summary>Parses any of the three date forms of RFC 9110, section 5.6.7.</summary>
    public static bool TryParseHeader(string? text, out DateTimeOffset date) =>
        DateTimeOffset.TryParseExact(text, ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy", "ddd MMM  d HH:mm:ss yyyy"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date);

    /// <summary>The date without fractions of a second, the same in HEAD, GET and LIST (rule T2).</summary>
    public static DateTimeOffset WholeSeconds(DateTimeOffset date) =>
        new(date.UtcTicks - (date.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}
