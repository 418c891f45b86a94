using System.Text;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>The first rows of a CSV file.</summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc4180</remarks>
internal static class CsvTable
{
    /// <summary>The most rows that are shown.</summary>
    public const int MostRows = 200;

    /// <summary>The most columns that are shown.</summary>
    public const int MostColumns = 50;

    /// <summary>The most characters of a cell that are shown.</summary>
    private const int MostCell = 200;

    /// <summary>Reads rows. The separator is the one that the first line has most of: a comma, a semicolon or a tab.</summary>
    /// <returns>The rows, and what is left out; null if nothing is.</returns>
    public static (IReadOnlyList<IReadOnlyList<string>> Rows, string? Note) Read(string text)
    {
        var (rows, row, cell) = (new List<IReadOnlyList<string>>(), new List<string>(), new StringBuilder());
        var (separator, isQuoted, isCut, isWide) = (SeparatorOf(text), false, false, false);
        for (var at = 0; at < text.Length && rows.Count < MostRows; at++)
        {
            var letter = text[at];
            if (isQuoted)
            {
                if (letter != '"')
                {
                    cell.Append(letter);
                }
                else if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    cell.Append('"');
                    at++;
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (letter == '"' && cell.Length == 0)
            {
                isQuoted = true;
            }
            else if (letter == separator)
            {
                EndCell();
            }
            else if (letter == '\n')
            {
                EndRow();
            }
            else if (letter != '\r')
            {
                cell.Append(letter);
            }

            isCut = rows.Count == MostRows && at + 1 < text.Length;
        }

        if (!isCut && (cell.Length > 0 || row.Count > 0))
        {
            EndRow();
        }

        var note = (isCut, isWide) switch
        {
            (true, true) => $"The first {MostRows} rows and {MostColumns} columns are shown.",
            (true, false) => $"The first {MostRows} rows are shown.",
            (false, true) => $"The first {MostColumns} columns are shown.",
            _ => null,
        };
        return (rows, note);

        void EndCell()
        {
            isWide |= row.Count == MostColumns;
            if (row.Count < MostColumns)
            {
                row.Add(cell.Length <= MostCell ? cell.ToString() : cell.ToString(0, MostCell) + "…");
            }

            cell.Clear();
        }

        void EndRow()
        {
            EndCell();
            rows.Add([.. row]);
            row.Clear();
        }
    }

    private static char SeparatorOf(string text)
    {
        var line = text.AsSpan(0, text.IndexOf('\n') is >= 0 and var end ? end : text.Length);
        var (commas, semicolons, tabs) = (line.Count(','), line.Count(';'), line.Count('\t'));
        return tabs > commas && tabs >= semicolons ? '\t' : semicolons > commas ? ';' : ',';
    }
}
