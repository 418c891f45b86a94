using System.Globalization;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Formats the signed time of a request. Requests of the same second share the string.</summary>
internal static class SigningTime
{
    private static Second? _last;

    /// <summary>Returns <c>20130524T000000Z</c>.</summary>
    public static string Of(DateTimeOffset time)
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
