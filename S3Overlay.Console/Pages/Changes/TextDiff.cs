using DiffPlex.Chunkers;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>Two texts, compared line by line, with some unchanged lines around each difference.</summary>
internal static class TextDiff
{
    /// <summary>The largest text that is compared, in bytes.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>The most lines of a text that are compared: the work grows with their product.</summary>
    private const int MostLines = 5_000;

    /// <summary>The most lines that are shown.</summary>
    private const int MostShown = 2_000;

    /// <summary>The most characters of a line that are shown.</summary>
    private const int Widest = 1_000;

    private const int Context = 3;

    /// <summary>Whether both sides of a change are small enough, as long as they are text.</summary>
    public static bool IsSmall(params SideDocument?[] sides) => sides.All(static side => side is null || side.Version.Size <= MostBytes);

    /// <summary>Compares two texts. Null if they are too long for that.</summary>
    public static IReadOnlyList<DiffLine>? Of(string theirs, string ours)
    {
        if (Math.Max(EndsOf(theirs), EndsOf(ours)) > MostLines)
        {
            return null;
        }

        var lines = InlineDiffBuilder.Diff(theirs, ours, ignoreWhiteSpace: false, ignoreCase: false, LineEndingsPreservingChunker.Instance)
            .Lines;
        var isShown = new bool[lines.Count];
        for (var at = 0; at < lines.Count; at++)
        {
            for (var near = at - Context; lines[at].Type != ChangeType.Unchanged && near <= at + Context; near++)
            {
                if (near >= 0 && near < lines.Count)
                {
                    isShown[near] = true;
                }
            }
        }

        var shown = new List<DiffLine>();
        var (their, our) = (0, 0);
        for (var at = 0; at < lines.Count; at++)
        {
            var type = lines[at].Type;
            their += type == ChangeType.Inserted ? 0 : 1;
            our += type == ChangeType.Deleted ? 0 : 1;
            if (!isShown[at])
            {
                continue;
            }

            if (shown.Count >= MostShown)
            {
                shown.Add(new(DiffKind.Gap, null, null, "The rest is not shown."));
                break;
            }

            if (at > 0 && !isShown[at - 1])
            {
                shown.Add(new(DiffKind.Gap, null, null, ""));
            }

            shown.Add(type switch
            {
                ChangeType.Inserted => new(DiffKind.Ours, null, our, Text(lines[at].Text)),
                ChangeType.Deleted => new(DiffKind.Theirs, their, null, Text(lines[at].Text)),
                _ => new(DiffKind.Both, their, our, Text(lines[at].Text)),
            });
        }

        return shown;
    }

    /// <summary>How many lines end in a text: at a line feed, a carriage return, or both.</summary>
    private static int EndsOf(string text)
    {
        var ends = 0;
        for (var at = 0; at < text.Length; at++)
        {
            ends += text[at] == '\r' || (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) ? 1 : 0;
        }

        return ends;
    }

    /// <summary>A line without its end, of which a carriage return stays visible: it may be all that differs.</summary>
    private static string Text(string line)
    {
        line = line.TrimEnd('\n').Replace("\t", "    ", StringComparison.Ordinal);
        return VisibleText.Of(line.Length > Widest ? line[..Widest] + "…" : line);
    }
}

/// <summary>A line of two compared texts.</summary>
/// <param name="Kind">Whose it is.</param>
/// <param name="TheirNumber">Its number in the remote's text; null if it is not in it.</param>
/// <param name="OurNumber">Its number in the text here; null if it is not in it.</param>
/// <param name="Text">The line.</param>
internal sealed record DiffLine(DiffKind Kind, int? TheirNumber, int? OurNumber, string Text);

/// <summary>Whose line it is.</summary>
internal enum DiffKind
{
    /// <summary>In both.</summary>
    Both,

    /// <summary>The remote's.</summary>
    Theirs,

    /// <summary>Written here.</summary>
    Ours,

    /// <summary>Lines left out.</summary>
    Gap,
}
