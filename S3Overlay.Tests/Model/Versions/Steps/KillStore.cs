namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>
/// The proxy is killed during or right after a step, and another one starts. Acknowledged changes exist. Others exist completely or not at
/// all, step by step.
/// </summary>
/// <param name="At">The step toward its disk at which it is killed, if it gets that far.</param>
/// <param name="IsAfter">Whether the last one takes effect.</param>
internal sealed record KillStore(VersionStep Step, int At, bool IsAfter, string Without) : VersionStep
{
    public override async Task RunAsync(VersionScene scene)
    {
        var before = scene.Buckets.ToList();
        var left = Step.MayLeave(scene).ToList();
        var isHeard = true;
        scene.Arm(At, IsAfter);
        try
        {
            await Step.RunAsync(scene);
        }
        catch (ProcessKilledException)
        {
            isHeard = false;
        }

        await scene.KillAsync();
        if (Without.Length > 0)
        {
            await scene.RestartAsync(Without);
        }

        if (Step is PassDays days)
        {
            await days.LookAsync(scene);
            return;
        }

        for (var i = 0; i < before.Count; i++)
        {
            await VersionAftermath.LookAsync(scene, i, isHeard ? [scene.Buckets[i]]
                : [before[i], .. left.Where(state => state.Bucket == i).Select(static state => state.State)]);
        }
    }
}
