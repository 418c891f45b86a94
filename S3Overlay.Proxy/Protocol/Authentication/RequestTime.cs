using System.Globalization;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>The time of a signature.</summary>
internal static class RequestTime
{
    /// <summary>A date with an offset instead of GMT (RFC 822, section 5.1).</summary>
    private const string WithOffset = "d MMM yyyy HH:mm:ss zzz";

    private static Second? _last;

    /// <summary>Reads the signed form: <c>20130524T000000Z</c>.</summary>
    /// <remarks>Digit by digit: every request has one, and a general date parser takes longer than the signature's hash.</remarks>
    public static bool TryParseBasic(ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        time = default;
        if (text is not [_, _, _, _, _, _, _, _, 'T', _, _, _, _, _, _, 'Z']
            || !TryRead(text[..4], out var year)
            || !TryRead(text[4..6], out var month)
            || !TryRead(text[6..8], out var day)
            || !TryRead(text[9..11], out var hour)
            || !TryRead(text[11..13], out var minute)
            || !TryRead(text[13..15], out var second)
            || year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59
                || second > 59)
        {
            return false;
        }

        time = new(year, month, day, hour, minute, second, TimeSpan.Zero);
        return true;
    }

    /// <summary>
    /// Reads <c>x-amz-date</c> or <c>Date</c>: in the basic form, as an HTTP date, or with an offset (RFC 822), as botocore writes a
    /// <c>Date</c> that it signs. Also returns the basic form.
    /// </summary>
    public static bool TryParseHeader(string text, out DateTimeOffset time, out string basic)
    {
        basic = text;
        if (TryParseBasic(text, out time))
        {
            return true;
        }

        if (!HttpDates.TryParseHeader(text, out time)
            && !DateTimeOffset.TryParseExact(text, "ddd, " + WithOffset, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal,
                out time))
        {
            return false;
        }

        basic = Format(time);
        return true;
    }

    /// <summary>
    /// Reads the date of a version 2 signature: an HTTP date, or one with an offset (RFC 822) as in AWS's examples. The weekday is ignored,
    /// so that a wrong clock gets the right error. Nothing was signed before 1970.
    /// </summary>
    public static bool TryParseVersion2(string text, out DateTimeOffset time)
    {
        var day = text.AsSpan(text.IndexOf(',', StringComparison.Ordinal) + 1).Trim();
        var isDate = DateTimeOffset.TryParseExact(day, ["d MMM yyyy HH:mm:ss 'GMT'", "d MMM yyyy HH:mm:ss 'UTC'", WithOffset],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
        return (isDate || TryParseHeader(text, out time, out _)) && time >= DateTimeOffset.UnixEpoch;
    }

    /// <summary>Checks the time of a signature against the clock.</summary>
    /// <param name="asSent">The time as the client wrote it.</param>
    /// <param name="most">The largest allowed difference.</param>
    /// <exception cref="S3Exception">RequestTimeTooSkewed.</exception>
    public static void CheckSkew(DateTimeOffset signedAt, string asSent, DateTimeOffset now, TimeSpan most)
    {
        if ((now - signedAt).Duration() > most)
        {
            throw new S3Exception(S3Errors.RequestTimeTooSkewed)
            {
                Details =
                [
                    new("RequestTime", asSent),
                    new("ServerTime", ForErrors(now)),
                    new("MaxAllowedSkewMilliseconds", ((long)most.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)),
                ],
            };
        }
    }

    /// <summary>Formats a time as error documents do: <c>2013-05-24T00:00:00Z</c>.</summary>
    public static string ForErrors(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static bool TryRead(ReadOnlySpan<char> digits, out int value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return true;
    }

    /// <summary>Formats a time as it is signed: <c>20130524T000000Z</c>. Requests of the same second share the string.</summary>
    public static string Format(DateTimeOffset time)
    {
        var number = time.UtcTicks / TimeSpan.TicksPerSecond;
        if (Volatile.Read(ref _last) is { } last && last.Number == number)
        {
            return last.Text;
        }

        var text = time.UtcDateTime.ToString(SigV4.TimeFormat, CultureInfo.InvariantCulture);
        Volatile.Write(ref _last, new(number, text));
        return text;
    }

    private sealed record Second(long Number, string Text);
}
