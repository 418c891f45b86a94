using System.Diagnostics;
using System.Globalization;

using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Model;

/// <summary>
/// Random sequences of actions by clients, administrators and users of the remote, with restarts and failures, on a whole proxy and on a
/// model of two dictionaries. A failing sequence is shrunk and printed with its seed.
/// </summary>
/// <remarks>
/// <c>S3OVERLAY_MODEL_SEED</c> is the first seed, <c>S3OVERLAY_MODEL_SEQUENCES</c> the number of sequences on each layer,
/// <c>S3OVERLAY_MODEL_STEPS</c> their length, and
/// <c>S3OVERLAY_MODEL_SHRINK</c> the seconds spent on shrinking a failure.
/// </remarks>
[Trait("Category", "Model")]
public sealed class SequenceTests
{
    [Fact]
    public Task On_the_built_in_store_the_proxy_does_what_the_model_does() => RunAsync(ModelMix.All, ModelLayer.Embedded);

    [Fact]
    public Task On_a_store_the_proxy_does_what_the_model_does() => RunAsync(ModelMix.All, ModelLayer.Store);

    [Fact]
    public Task On_a_store_that_two_proxies_share_both_do_what_the_model_does() => RunAsync(ModelMix.All, ModelLayer.SharedStore);

    [Theory]
    [InlineData(ModelLayer.Embedded)]
    [InlineData(ModelLayer.Store)]
    [InlineData(ModelLayer.SharedStore)]
    public Task While_entries_grow_stale_reads_show_what_the_model_allows(ModelLayer layer) => RunAsync(ModelMix.Reads, layer, usual: 4);

    [Theory]
    [InlineData(ModelLayer.Embedded)]
    [InlineData(ModelLayer.Store)]
    [InlineData(ModelLayer.SharedStore)]
    public Task However_often_proxies_are_killed_what_was_acknowledged_is_there(ModelLayer layer) =>
        RunAsync(ModelMix.Kills, layer, usual: 2);

    private static async Task RunAsync(ModelMix mix, ModelLayer layer, int usual = 5)
    {
        var (first, sequences, steps) = (Number("SEED", 1), Number("SEQUENCES", FullRunAttribute.IsOn ? usual : 1),
            Number("STEPS", FullRunAttribute.IsOn ? 150 : 40));
        for (var seed = first; seed < first + sequences; seed++)
        {
            var sequence = ModelSequence.Of(seed, layer, mix, steps);
            if (await sequence.RunAsync() is not { } found)
            {
                continue;
            }

            // Steps after the failure do not matter. Shrinking is limited in time, because a long silence looks like a hang.
            var (began, longest) = (Stopwatch.StartNew(), TimeSpan.FromSeconds(Number("SHRINK", 40)));
            var shortest = await Shrinker.ShrinkAsync(
                sequence with { Operations = [.. sequence.Operations.Take(found.Step + 1)] }, async shorter =>
                    began.Elapsed < longest && await shorter.RunAsync() is not null);
            var message = (await shortest.RunAsync())?.Message ?? $"Not found again once shrunk; at first: {found.Message}";
            var cache = $"{sequence.Cache}{(sequence.RemembersAbsence ? ", absence remembered" : "")}";
            Assert.Fail(
                $"""
                {layer}, {mix}, cache {cache}, seed {seed}, step {found.Step} of {sequence.Operations.Count}: {found.Message}
                Again with S3OVERLAY_MODEL_SEED={seed} S3OVERLAY_MODEL_SEQUENCES=1 S3OVERLAY_MODEL_STEPS={steps}. The shortest that fails:
                {shortest}
                {message}
                """);
        }
    }

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable("S3OVERLAY_MODEL_" + name), NumberStyles.None, CultureInfo.InvariantCulture,
            out var number) ? number : otherwise;
}
