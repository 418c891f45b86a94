using System.Globalization;
using System.Text.Encodings.Web;

namespace S3Overlay.Proxy.Terminal;

/// <summary>Names, sizes, numbers and times in words.</summary>
internal static class Words
{
    private static readonly (string Unit, double Factor)[] Sizes = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

    /// <summary>A name for a terminal. Control characters are escaped, and the name is quoted.</summary>
    public static string Name(string name) => name.Any(char.IsControl) ? $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(name)}\""
        : name;

    /// <summary>Text for a terminal: lines and tabs stay, other control characters are replaced.</summary>
    public static string Printable(string text) =>
        string.Create(text.Length, text, static (span, from) =>
        {
            for (var at = 0; at < span.Length; at++)
            {
                span[at] = char.IsControl(from[at]) && from[at] is not ('\n' or '\t') ? '\uFFFD' : from[at];
            }
        });

    /// <summary>A name quoted for a shell.</summary>
    public static string Argument(string name) =>
        name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_') ? name
            : "'" + Name(name).Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>A size: <c>5.2 MiB</c>.</summary>
    public static string Size(long bytes)
    {
        foreach (var (unit, factor) in Sizes)
        {
            if (bytes >= factor)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor:0.#} {unit}");
            }
        }

        return Count(bytes, "byte");
    }

    /// <summary>A number of things: <c>1 entry</c>, <c>2 entries</c>.</summary>
    public static string Count(long count, string thing, string? things = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? thing : things ?? thing + "s")}");

    /// <summary>A time in ISO 8601, UTC, whole seconds.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>How long ago something was.</summary>
    public static string Age(long seconds) => seconds switch
    {
        < 120 => Count(seconds, "second"),
        < 7200 => Count(seconds / 60, "minute"),
        < 172_800 => Count(seconds / 3600, "hour"),
        _ => Count(seconds / 86_400, "day"),
    };
}
