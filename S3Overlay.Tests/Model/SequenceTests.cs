namespace S3Overlay.Tests.Model;

/// <summary>
/// Random sequences of actions by clients, administrators and users of the remote, with restarts and failures, on a whole proxy and on a
/// model of two dictionaries. A failing sequence is shrunk and printed with its seed.
/// </summary>
/// <remarks><see cref="ModelRun"/> says how to choose seeds.</remarks>
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
        var run = ModelRun.Of(usual);
        for (var seed = run.First; seed < run.First + run.Sequences; seed++)
        {
            var sequence = ModelSequence.Of(seed, layer, mix, run.Steps);
            if (await sequence.RunAsync() is { } found)
            {
                var cache = $"{sequence.Cache}{(sequence.RemembersAbsence ? ", absence remembered" : "")}"
                    + (sequence.HasParts ? ", chunks in part" : "");
                await run.FailAsync($"{layer}, {mix}, cache {cache}", seed, found, sequence.Operations,
                    shorter => (sequence with { Operations = shorter }).RunAsync());
            }
        }
    }
}
