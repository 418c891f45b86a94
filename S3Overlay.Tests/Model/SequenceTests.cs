using System.Globalization;

namespace S3Overlay.Tests.Model;

/// <summary>
/// Random sequences of what clients, administrators, and others at the remote do, with restarts and failures among it, to a whole proxy and to a model of two dictionaries.
/// A sequence that fails is shrunk, and printed with its seed.
/// </summary>
/// <remarks>
/// <c>S3OVERLAY_MODEL_SEED</c> is the first seed, <c>S3OVERLAY_MODEL_SEQUENCES</c> how many there are on each layer, <c>S3OVERLAY_MODEL_STEPS</c> how long they are.
/// </remarks>
[Trait("Category", "Model")]
public sealed class SequenceTests
{
    [Fact]
    public Task On_the_built_in_store_the_proxy_does_what_the_model_does() => RunAsync(ModelLayer.Embedded);

    [Fact]
    public Task On_a_store_the_proxy_does_what_the_model_does() => RunAsync(ModelLayer.Store);

    [Fact]
    public Task On_a_store_that_has_copies_among_written_objects_the_proxy_does_what_the_model_does() => RunAsync(ModelLayer.Place);

    private static async Task RunAsync(ModelLayer layer)
    {
        var (first, sequences, steps) = (Number("SEED", 1), Number("SEQUENCES", 3), Number("STEPS", 150));
        for (var seed = first; seed < first + sequences; seed++)
        {
            var sequence = ModelSequence.Of(seed, layer, steps);
            if (await sequence.RunAsync() is not { } found)
            {
                continue;
            }

            // What comes after the failure has no part in it.
            var shortest = await Shrinker.ShrinkAsync(
                sequence with { Operations = [.. sequence.Operations.Take(found.Step + 1)] }, static async shorter => await shorter.RunAsync() is not null);
            var message = (await shortest.RunAsync())?.Message ?? $"Not found again once shrunk; at first: {found.Message}";
            Assert.Fail(
                $"""
                {layer}, cache {sequence.Cache}, seed {seed}, step {found.Step} of {sequence.Operations.Count}: {found.Message}
                Again with S3OVERLAY_MODEL_SEED={seed} S3OVERLAY_MODEL_SEQUENCES=1 S3OVERLAY_MODEL_STEPS={steps}. The shortest that fails:
                {shortest}
                {message}
                """);
        }
    }

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable("S3OVERLAY_MODEL_" + name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
