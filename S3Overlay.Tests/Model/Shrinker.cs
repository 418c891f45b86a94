namespace S3Overlay.Tests.Model;

/// <summary>Shortens a failing sequence as long as it still fails: halves first, single steps last.</summary>
internal static class Shrinker
{
    /// <param name="failing">A sequence that fails.</param>
    public static async Task<ModelSequence> ShrinkAsync(ModelSequence failing, Func<ModelSequence, Task<bool>> fails)
    {
        for (var size = failing.Operations.Count / 2; size > 0;)
        {
            var shrunk = false;
            for (var end = failing.Operations.Count; end > 0; end -= size)
            {
                var start = Math.Max(0, end - size);
                var shorter = failing with { Operations = [.. failing.Operations.Take(start), .. failing.Operations.Skip(end)] };
                if (shorter.Operations.Count < failing.Operations.Count && await fails(shorter))
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
