namespace S3Overlay.Tests.Model;

/// <summary>Shortens a failing sequence as long as it still fails: halves first, single steps last.</summary>
internal static class Shrinker
{
    /// <param name="failing">A sequence that fails.</param>
    public static async Task<IReadOnlyList<T>> ShrinkAsync<T>(IReadOnlyList<T> failing, Func<IReadOnlyList<T>, Task<bool>> fails)
    {
        for (var size = failing.Count / 2; size > 0;)
        {
            var shrunk = false;
            for (var end = failing.Count; end > 0; end -= size)
            {
                var start = Math.Max(0, end - size);
                IReadOnlyList<T> shorter = [.. failing.Take(start), .. failing.Skip(end)];
                if (shorter.Count < failing.Count && await fails(shorter))
                {
                    (failing, shrunk) = (shorter, true);
                }
            }

            // Repeats single steps as long as that helps.
            size = size > 1 ? size / 2 : shrunk ? 1 : 0;
        }

        return failing;
    }
}
