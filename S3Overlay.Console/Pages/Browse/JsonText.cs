using System.Text;
using System.Text.Json;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>
/// JSON with a value a line. Numbers and strings stay as they are written: a large number is not rounded. What has comments is no JSON, and
/// is shown with them.
/// </summary>
internal static class JsonText
{
    /// <summary>JSON that gets longer than this is shown as it is.</summary>
    private const int Most = 2 << 20;

    /// <summary>Indents a document.</summary>
    /// <returns>Null if it is no JSON, or would get too long.</returns>
    public static string? Indent(ReadOnlySpan<byte> content)
    {
        var json = content is [0xEF, 0xBB, 0xBF, ..] ? content[3..] : content;
        var reader = new Utf8JsonReader(json);
        var (text, before) = (new StringBuilder(), JsonTokenType.None);
        try
        {
            while (reader.Read())
            {
                Separate(text, before, ref reader);
                text.Append(TextOf(ref reader));
                if (text.Length > Most)
                {
                    return null;
                }

                before = reader.TokenType;
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return text.ToString();
    }

    private static void Separate(StringBuilder text, JsonTokenType before, ref Utf8JsonReader reader)
    {
        var (isFirst, isEnd) = (before is JsonTokenType.StartObject or JsonTokenType.StartArray,
            reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray);
        if (before == JsonTokenType.PropertyName)
        {
            text.Append(": ");
        }
        else if (before != JsonTokenType.None && !(isFirst && isEnd))
        {
            text.Append(isFirst || isEnd ? "\n" : ",\n").Append(' ', 2 * reader.CurrentDepth);
        }
    }

    private static string TextOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "{",
        JsonTokenType.EndObject => "}",
        JsonTokenType.StartArray => "[",
        JsonTokenType.EndArray => "]",
        JsonTokenType.String or JsonTokenType.PropertyName => $"\"{Encoding.UTF8.GetString(reader.ValueSpan)}\"",
        _ => Encoding.UTF8.GetString(reader.ValueSpan),
    };
}
