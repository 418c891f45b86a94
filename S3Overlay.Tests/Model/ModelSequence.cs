namespace S3Overlay.Tests.Model;

/// <summary>A sequence, and where it runs.</summary>
/// <param name="Cache">What is kept.</param>
/// <param name="RemembersAbsence">Whether the negative cache is on.</param>
/// <param name="HasParts">Whether chunks may be cached in part.</param>
internal sealed record ModelSequence(
    ModelLayer Layer, ModelCache Cache, bool RemembersAbsence, bool HasParts, IReadOnlyList<ModelOperation> Operations)
{
    public static ModelSequence Of(int seed, ModelLayer layer, ModelMix mix, int steps) =>
        new(layer, CacheOf(seed, mix), (seed / 2 + (int)layer) % 2 == 0, seed % 3 > 0, new SequenceMaker(seed, layer, mix).Make(steps));

    /// <summary>Sequences of reads always cache and trust entries for a while: otherwise there is little that could go wrong.</summary>
    private static ModelCache CacheOf(int seed, ModelMix mix) => mix == ModelMix.Reads
        ? (seed % 4) switch { 0 => ModelCache.Frozen, 2 => ModelCache.Believed, _ => ModelCache.ForAWhile }
        : (ModelCache)(seed % Enum.GetValues<ModelCache>().Length);

    /// <returns>The mismatch and its step. Null if there is none.</returns>
    public async Task<(int Step, string Message)?> RunAsync()
    {
        await using var scene = await ModelScene.StartAsync(Layer, Cache, RemembersAbsence, HasParts);
        for (var step = 0; step < Operations.Count; step++)
        {
            try
            {
                await scene.RunAsync(Operations[step]);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                return (step, failure is Mismatch ? failure.Message : failure.ToString());
            }
        }

        return null;
    }
}
