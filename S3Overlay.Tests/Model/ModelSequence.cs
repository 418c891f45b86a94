namespace S3Overlay.Tests.Model;

/// <summary>A sequence, and where it runs.</summary>
/// <param name="Layer">The writable layer.</param>
/// <param name="Cache">What is kept.</param>
/// <param name="Operations">The steps.</param>
internal sealed record ModelSequence(ModelLayer Layer, ModelCache Cache, IReadOnlyList<ModelOperation> Operations)
{
    /// <summary>The sequence of a seed.</summary>
    public static ModelSequence Of(int seed, ModelLayer layer, int steps) => new(layer, (ModelCache)(seed % 3), new SequenceMaker(seed, layer).Make(steps));

    /// <summary>Runs it from the start.</summary>
    /// <returns>What went wrong, and at which step; null where nothing did.</returns>
    public async Task<(int Step, string Message)?> RunAsync()
    {
        await using var scene = await ModelScene.StartAsync(Layer, Cache);
        for (var step = 0; step < Operations.Count; step++)
        {
            try
            {
                await Operations[step].RunAsync(scene);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                return (step, failure is Mismatch ? failure.Message : failure.ToString());
            }
        }

        return null;
    }

    /// <summary>The steps, one a line, as a terminal may show them.</summary>
    public override string ToString() => string.Join('\n', Operations.Select((operation, step) =>
        $"  {step,3}  {string.Concat(operation.ToString().Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()))}"));
}
