using System.Text;
using System.Text.Unicode;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>What the header of a form's part says: whose value follows, and the name of the file it comes from.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="FileName">The name of the file as the browser sent it, which may be a path; null where none was sent.</param>
/// <remarks>RFC 7578, section 4.2.</remarks>
internal readonly record struct PartHeader(string Name, string? FileName)
{
    /// <summary>Reads the lines of a part's header.</summary>
    /// <exception cref="S3Exception">MalformedPOSTRequest where there is no Content-Disposition with a name.</exception>
    public static PartHeader Parse(ReadOnlySpan<byte> lines)
    {
        // Browsers send names as plain UTF-8.
        var text = Utf8.IsValid(lines) ? Encoding.UTF8.GetString(lines) : Encoding.Latin1.GetString(lines);
        foreach (var range in text.AsSpan().Split("\r\n"))
        {
            var line = text.AsSpan()[range];
            var colon = line.IndexOf(':');
            if (colon > 0 && line[..colon].Trim().Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase))
            {
                return OfDisposition(line[(colon + 1)..].Trim());
            }
        }

        throw Malformed();
    }

    private static PartHeader OfDisposition(ReadOnlySpan<char> value)
    {
        var semicolon = value.IndexOf(';');
        if (semicolon < 0 || !value[..semicolon].Trim().Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw Malformed();
        }

        string? name = null, fileName = null, extended = null;
        var rest = value[(semicolon + 1)..];
        while (!(rest = rest.TrimStart("; \t")).IsEmpty)
        {
            var equals = rest.IndexOf('=');
            if (equals < 0)
            {
                break;
            }

            var parameter = rest[..equals].Trim();
            rest = rest[(equals + 1)..].TrimStart();
            var text = TakeValue(ref rest);
            if (parameter.Equals("name", StringComparison.OrdinalIgnoreCase))
            {
                name ??= text;
            }
            else if (parameter.Equals("filename", StringComparison.OrdinalIgnoreCase))
            {
                fileName ??= text;
            }
            else if (parameter.Equals("filename*", StringComparison.OrdinalIgnoreCase))
            {
                extended ??= Extended(text);
            }
        }

        return new(name is { Length: > 0 } ? name : throw Malformed(), extended ?? fileName);
    }

    /// <summary>
    /// A token, or a quoted string. In it a backslash escapes a quote alone: older browsers send Windows paths as they are.
    /// </summary>
    private static string TakeValue(ref ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty || rest[0] != '"')
        {
            var end = rest.IndexOf(';');
            var token = (end < 0 ? rest : rest[..end]).Trim().ToString();
            rest = end < 0 ? [] : rest[end..];
            return token;
        }

        var text = new StringBuilder();
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                rest = rest[(i + 1)..];
                return text.ToString();
            }

            if (rest[i] == '\\' && i + 1 < rest.Length && rest[i + 1] == '"')
            {
                i++;
            }

            text.Append(rest[i]);
        }

        throw Malformed();
    }

    /// <summary><c>utf-8''na%C3%AFve</c> (RFC 5987), which RFC 7578 forbids and some clients send.</summary>
    private static string? Extended(string value) =>
        value.StartsWith("utf-8'", StringComparison.OrdinalIgnoreCase)
        && value.IndexOf('\'', 6) is var quote && quote >= 0
        && UriEncoding.TryDecode(value.AsSpan(quote + 1), out var text) ? text : null;

    private static S3Exception Malformed() => new(S3Errors.MalformedPostRequest);
}
