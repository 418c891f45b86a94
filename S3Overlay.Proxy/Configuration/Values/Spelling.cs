namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>Finds the word that a misspelt one was meant to be.</summary>
internal static class Spelling
{
    /// <summary>
    /// The candidate with the fewest slips, at most one for every four letters; null for none. In a short word two slips make another
    /// word: <c>PORT</c> is not <c>CORS</c>.
    /// </summary>
    /// <param name="word">The misspelt word, in any case.</param>
    /// <param name="candidates">The known words.</param>
    /// <param name="common">Length of the prefix that all of them share. It does not count.</param>
    public static string? Nearest(string word, IEnumerable<string> candidates, int common = 0)
    {
        var written = word.ToUpperInvariant()[common..];
        var (nearest, slips) = candidates
            .Where(candidate => candidate.Length > common)
            .Select(candidate => (candidate, Slips: Distance(written, candidate.ToUpperInvariant()[common..])))
            .OrderBy(static pair => pair.Slips).FirstOrDefault();
        return nearest is not null && slips * 4 <= Math.Max(written.Length, nearest.Length - common) ? nearest : null;
    }

    /// <summary>
    /// The number of letters to insert, remove, change, or swap with their neighbour (optimal string alignment distance).
    /// </summary>
    private static int Distance(string from, string to)
    {
        var rows = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var best = Math.Min(1 + Math.Min(rows[i - 1, j], rows[i, j - 1]), rows[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                rows[i, j] = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] ? Math.Min(best, rows[i - 2, j - 2] + 1)
                    : best;
            }
        }

        return rows[from.Length, to.Length];
    }
}
