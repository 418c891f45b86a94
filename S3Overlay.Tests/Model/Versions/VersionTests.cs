namespace S3Overlay.Tests.Model.Versions;

/// <summary>
/// Random sequences of steps with versions, locks, lifecycles, ACLs and policies, while the clock moves by days, on a whole proxy over the
/// built-in store and on a model. <see cref="ModelRun"/> says how to choose seeds.
/// </summary>
[Trait("Category", "Model")]
public sealed class VersionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Versions_locks_lifecycles_and_access_are_as_the_model_says(bool hasRemote)
    {
        var run = ModelRun.Of(usual: 4, quickSteps: 15);
        for (var seed = run.First; seed < run.First + run.Sequences; seed++)
        {
            var steps = new VersionMaker(seed).Make(run.Steps);
            if (await RunAsync(steps, hasRemote) is { } found)
            {
                await run.FailAsync($"Versions {(hasRemote ? "over a remote" : "alone")}", seed, found, steps,
                    shorter => RunAsync(shorter, hasRemote));
            }
        }
    }

    /// <returns>The mismatch and its step. Null if there is none.</returns>
    private static async Task<(int Step, string Message)?> RunAsync(IReadOnlyList<VersionStep> steps, bool hasRemote)
    {
        await using var scene = await VersionScene.StartAsync(hasRemote);
        for (var i = 0; i < steps.Count; i++)
        {
            try
            {
                await steps[i].RunAsync(scene);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                return (i, failure is Mismatch ? failure.Message : failure.ToString());
            }
        }

        return null;
    }
}
