using System.Globalization;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The time a request was signed at.</summary>
internal static class RequestTime
{
    /// <summary>Reads the form that is signed: <c>20130524T000000Z</c>.</summary>
    public static bool TryParseBasic(ReadOnlySpan<char> text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text, SigV4.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    /// <summary>Reads <c>x-amz-date</c> or <c>Date</c>, in the basic form or in that of HTTP, and gives it in the form that is signed.</summary>
    public static bool TryParseHeader(string text, out DateTimeOffset time, out string basic)
    {
        basic = text;
        if (TryParseBasic(text, out time))
        {
            return true;
        }

        if (!HttpDates.TryParseHeader(text, out time))
        {
            return false;
        }

        basic = time.UtcDateTime.ToString(SigV4.TimeFormat, CultureInfo.InvariantCulture);
        return true;
    }

    /// <summary>As error bodies show times: <c>2013-05-24T00:00:00Z</c>.</summary>
    public static string ForErrors(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
