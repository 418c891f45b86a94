using System.Globalization;
using System.Text;

namespace S3Overlay.WebConsole.Components;

/// <summary>
/// Names as they are: any text is a key of S3, also one with line breaks, or with marks that turn the direction of what follows.
/// </summary>
internal static class VisibleText
{
    /// <summary>Joins emoji, and is no mark that hides anything.</summary>
    private const int Joiner = 0x200D;

    /// <summary>Splits a text into what can be shown, and escapes for what cannot: <c>\n</c>, <c>U+202E</c>.</summary>
    public static IEnumerable<(string Text, bool IsEscape)> Parts(string text)
    {
        var plain = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (EscapeOf(rune) is not { } escape)
            {
                plain.Append(rune);
                continue;
            }

            if (plain.Length > 0)
            {
                yield return (plain.ToString(), false);
                plain.Clear();
            }

            yield return (escape, true);
        }

        if (plain.Length > 0)
        {
            yield return (plain.ToString(), false);
        }
    }

    /// <summary>The same in one line, for titles.</summary>
    public static string Of(string text) => string.Concat(Parts(text).Select(static part => part.Text));

    private static string? EscapeOf(Rune rune) => rune.Value switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        Joiner => null,
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            ? string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}") : null,
    };
}
