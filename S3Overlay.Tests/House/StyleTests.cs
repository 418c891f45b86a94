using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.House;

/// <summary>How the code and the pages read. The bounds may only fall.</summary>
public sealed partial class StyleTests
{
    private const int MaxColumns = 140;
    private const int MaxLongLines = 0;
    private const int MaxForeignPhrases = 3;

    [Fact]
    public void Lines_are_at_most_140_columns()
    {
        var tooLong = Lines("*.cs").Concat(Lines("*.md").Where(static line => !line.Text.StartsWith('|') && !line.Text.Contains("](")))
            .Where(static line => line.Text.Length > MaxColumns)
            .Select(static line => line.Place)
            .ToList();

        Assert.True(tooLong.Count <= MaxLongLines, $"{tooLong.Count} lines are too long:\n{string.Join('\n', tooLong)}");
    }

    [Fact]
    public void Prose_avoids_phrases_that_read_like_a_translation()
    {
        var found = Lines("*.md")
            .Concat(Lines("*.cs")
                .Select(static line => (line.Place, Text: string.Concat(Prose().Matches(line.Text).Select(static match => match.Value)))))
            .SelectMany(static line => Foreign().Matches(line.Text).Select(match => $"{line.Place}: {match.Value}"))
            .ToList();

        Assert.True(found.Count <= MaxForeignPhrases, $"{found.Count} phrases:\n{string.Join('\n', found)}");
    }

    private static IEnumerable<(string Place, string Text)> Lines(string pattern) =>
        from file in Directory.EnumerateFiles(Repository.Root, pattern, SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Repository.Root, file)
        where !Ignored().IsMatch(name) && Path.GetFileName(name) != $"{nameof(StyleTests)}.cs"
        from line in File.ReadLines(file).Select((text, index) => ($"{name}:{index + 1}", text))
        select line;

    [GeneratedRegex(@"(^|[/\\])(bin|obj|artifacts|node_modules|\.git)[/\\]")]
    private static partial Regex Ignored();

    /// <summary>Comments and string literals, as far as one line shows them.</summary>
    [GeneratedRegex("""//.*$|"[^"]*" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Prose();

    [GeneratedRegex(
        @"\b(whoever|nobody|somebody|(is|are|was|be) told|tells?|lets? go|in vain|lately|meanwhile|in the midst|be it|he|him|his|comes? to|of late|stands?)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Foreign();
}
