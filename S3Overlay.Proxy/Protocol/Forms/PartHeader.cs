using System.Text;
using System.Text.Unicode;

using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>The header of one part of a form.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="FileName">The file's name as the browser sent it, which may be a path. Null if it sent none.</param>
/// <remarks>RFC 7578, section 4.2.</remarks>
internal readonly record struct PartHeader(string Name, string? FileName)
{
    /// <summary>Reads the lines of a part's header.</summary>
    /// <exception cref="S3Exception">MalformedPOSTRequest: there is no Content-Disposition with a name.</exception>
    public static PartHeader Parse(ReadOnlySpan<byte> lines)
    {
        // Browsers send names as plain UTF-8.
        var text = Utf8.IsValid(lines) ? Encoding.UTF8.GetString(lines) : Encoding.Latin1.GetString(lines);
        foreach (var line in text.Split("\r\n"))
        {
            var colon = line.IndexOf(':');
            if (colon > 0
                && line.AsSpan(0, colon).Trim().Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase)
                && ContentDispositionHeaderValue.TryParse(line.AsSpan(colon + 1).Trim().ToString(), out var value)
                && value.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
                && Parameter(value, "name") is { Length: > 0 } name)
            {
                return new(name, Extended(Parameter(value, "filename*")) ?? Parameter(value, "filename"));
            }
        }

        throw new S3Exception(S3Errors.MalformedPostRequest);
    }

    /// <summary>
    /// A backslash escapes only a quote: older browsers send Windows paths as they are, which the platform would unescape.
    /// </summary>
    private static string? Parameter(ContentDispositionHeaderValue value, string name) =>
        NameValueHeaderValue.Find(value.Parameters, name) is { Value: { HasValue: true } text }
            ? HeaderUtilities.RemoveQuotes(text).ToString().Replace("\\\"", "\"", StringComparison.Ordinal)
            : null;

    /// <summary><c>utf-8''na%C3%AFve</c> (RFC 5987), which RFC 7578 forbids and some clients send.</summary>
    private static string? Extended(string? value) =>
        value is not null
        && value.StartsWith("utf-8'", StringComparison.OrdinalIgnoreCase)
        && value.IndexOf('\'', 6) is var quote && quote >= 0
        && UriEncoding.TryDecode(value.AsSpan(quote + 1), out var text) ? text : null;
}
