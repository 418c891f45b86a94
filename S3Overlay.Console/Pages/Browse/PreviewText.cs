using System.Text;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>What a preview shows of bytes: an image, a table, a text; nothing of anything else.</summary>
/// <param name="IsImage">Whether it is an image, which has a URL of its own.</param>
/// <param name="Text">The text, if it is one.</param>
/// <param name="Table">The rows of a CSV file; null otherwise.</param>
/// <param name="Note">What is not shown; null if all is.</param>
internal sealed record PreviewText(bool IsImage, string? Text, IReadOnlyList<IReadOnlyList<string>>? Table, string? Note)
{
    private static readonly Encoding Strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Looks at bytes.</summary>
    /// <param name="content">The whole object.</param>
    /// <param name="type">Its content type.</param>
    /// <param name="key">Its key, which may say more than its type.</param>
    public static PreviewText Of(byte[] content, string type, string key)
    {
        if (Images.TypeOf(content) is not null)
        {
            return new(true, null, null, null);
        }

        if (TextOf(content) is not { } text)
        {
            return new(false, null, null, "No preview: this is neither an image nor text.");
        }

        var (kind, name) = (type.Split(';')[0].Trim(), key[(key.LastIndexOf('/') + 1)..]);
        if (Is(kind, name, "text/csv", ".csv") || Is(kind, name, "text/tab-separated-values", ".tsv"))
        {
            var (rows, note) = CsvTable.Read(text);
            return new(false, null, rows, note);
        }

        return Is(kind, name, "application/json", ".json") || kind.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
            ? new(false, JsonText.Indent(content) ?? text, null, null) : new(false, text, null, null);
    }

    private static bool Is(string kind, string name, string wanted, string ending) =>
        kind.Equals(wanted, StringComparison.OrdinalIgnoreCase) || name.EndsWith(ending, StringComparison.OrdinalIgnoreCase);

    private static string? TextOf(byte[] content)
    {
        try
        {
            var text = content switch
            {
                [0xEF, 0xBB, 0xBF, ..] => Strict.GetString(content, 3, content.Length - 3),
                [0xFF, 0xFE, ..] => Encoding.Unicode.GetString(content, 2, content.Length - 2),
                [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode.GetString(content, 2, content.Length - 2),
                _ => Strict.GetString(content),
            };
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
