using System.Text;
using System.Text.RegularExpressions;

namespace S3Overlay.Tests.Support;

/// <summary>A response as received.</summary>
/// <param name="Status">The HTTP status. 0 if there is none.</param>
/// <param name="Body">The body, without chunked framing.</param>
public sealed partial record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The code of an S3 error, or the empty string.</summary>
    public string Code => CodeElement().Match(Text) is { Success: true } match ? match.Groups[1].Value : "";

    public static RawResponse Parse(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return new RawResponse(0, new Dictionary<string, string>(), bytes);
        }

        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1)
            .Select(line => line.Split(':', 2))
            .GroupBy(pair => pair[0], pair => pair.Length > 1 ? pair[1].Trim() : "", StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => string.Join(",", g), StringComparer.OrdinalIgnoreCase);
        var body = bytes[(end + 4)..];
        if (headers.TryGetValue("Transfer-Encoding", out var coding) && coding == "chunked")
        {
            body = Unchunk(body);
        }

        return new RawResponse(int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), headers, body);
    }

    private static byte[] Unchunk(byte[] body)
    {
        var content = new List<byte>();
        for (var at = 0; at < body.Length;)
        {
            var line = Array.IndexOf(body, (byte)'\n', at);
            var size = Convert.ToInt32(Encoding.Latin1.GetString(body, at, line - at).Trim(), 16);
            if (size == 0)
            {
                break;
            }

            content.AddRange(body.AsSpan(line + 1, size));
            at = line + 1 + size + 2;
        }

        return [.. content];
    }

    [GeneratedRegex("<Code>([^<]*)</Code>")]
    private static partial Regex CodeElement();
}
