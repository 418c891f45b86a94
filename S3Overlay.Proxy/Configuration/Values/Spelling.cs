namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>Finds what a misspelt word was meant to be.</summary>
internal static class Spelling
{
    /// <summary>
    /// The candidate that is one slip for every four letters away at most; null for none. In a short word two slips make another word:
    /// <c>PORT</c> is not <c>CORS</c>.
    /// </summary>
    /// <param name="word">What was written, in any case.</param>
    /// <param name="candidates">What could be meant.</param>
    /// <param name="common">How many letters all of them begin with, which say nothing.</param>
    public static string? Nearest(string word, IEnumerable<string> candidates, int common)
    {
        var written = word.ToUpperInvariant()[common..];
        var (nearest, slips) = candidates
            .Where(candidate => candidate.Length > common)
            .Select(candidate => (candidate, Slips: Distance(written, candidate.ToUpperInvariant()[common..])))
            .MinBy(pair => pair.Slips);
        return nearest is not null && slips * 4 <= written.Length ? nearest : null;
    }

    /// <summary>
    /// How many letters must be put in, taken out, changed, or swapped with their neighbour (Damerau and Levenshtein; no letter twice).
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
